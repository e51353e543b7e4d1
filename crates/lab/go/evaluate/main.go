// Command evaluate is the judge of analysis conditions: it puts Argo Rollouts' own
// utils/evaluate behind a pipe. One JSON object per line in, one per line out, in order.
//
//	{"condition": "result[0] < 1", "result": {"type": "vector", "values": [0.5, "NaN"]}}
//	  -> {"value": true}
//	  -> {"error": "...", "stage": "compile" | "run" | "type"}
//	{"success_condition": "...", "failure_condition": "...", "result": {...}}
//	  -> {"phase": "Successful" | "Failed" | "Inconclusive" | "Error", "error": "..."}
//
// A result is what the Prometheus provider hands over: a vector or matrix is a []float64,
// never nil, a scalar is a float64 (metricproviders/prometheus, processResponse).
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"github.com/antonmedv/expr"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/sirupsen/logrus"
)

type request struct {
	Condition        *string `json:"condition"`
	SuccessCondition string  `json:"success_condition"`
	FailureCondition string  `json:"failure_condition"`
	Result           result  `json:"result"`
}

type result struct {
	Type   string   `json:"type"`
	Values []number `json:"values"`
}

// number reads a JSON number, or a string for what JSON cannot write: NaN, +Inf, -Inf.
type number float64

func (n *number) UnmarshalJSON(text []byte) error {
	if unquoted, err := strconv.Unquote(string(text)); err == nil {
		text = []byte(unquoted)
	}
	value, err := strconv.ParseFloat(string(text), 64)
	*n = number(value)
	return err
}

func (r result) provided() (any, error) {
	switch r.Type {
	case "scalar":
		if len(r.Values) != 1 {
			return nil, fmt.Errorf("a scalar has one value, not %d", len(r.Values))
		}
		return float64(r.Values[0]), nil
	case "vector", "matrix":
		values := make([]float64, 0, len(r.Values))
		for _, value := range r.Values {
			values = append(values, float64(value))
		}
		return values, nil
	}
	return nil, fmt.Errorf("result type %q", r.Type)
}

type answer struct {
	Value *bool  `json:"value,omitempty"`
	Phase string `json:"phase,omitempty"`
	Error string `json:"error,omitempty"`
	Stage string `json:"stage,omitempty"`
}

// compiles repeats evaluate's compile step. Its environment's functions are private, but only
// their types matter here; EvalCondition's own verdict is the one that is reported.
func compiles(value any, condition string) bool {
	_, err := expr.Compile(condition, expr.Env(map[string]any{
		"result":  value,
		"asInt":   func(any) int64 { return 0 },
		"asFloat": func(any) float64 { return 0 },
		"isNaN":   math.IsNaN,
		"isInf":   func(float64) bool { return false },
		"isNil":   func(any) bool { return false },
		"default": func(any, any) any { return nil },
	}))
	return err == nil
}

func stage(value any, condition string, err error) string {
	switch {
	case !compiles(value, condition):
		return "compile"
	case len(err.Error()) > 14 && err.Error()[:14] == "expected bool,":
		return "type"
	}
	return "run"
}

func answerTo(req request) answer {
	value, err := req.Result.provided()
	if err != nil {
		return answer{Error: err.Error(), Stage: "request"}
	}
	if req.Condition != nil {
		verdict, err := evaluate.EvalCondition(value, *req.Condition)
		if err != nil {
			return answer{Error: err.Error(), Stage: stage(value, *req.Condition, err)}
		}
		return answer{Value: &verdict}
	}
	phase, err := evaluate.EvaluateResult(value, v1alpha1.Metric{
		SuccessCondition: req.SuccessCondition,
		FailureCondition: req.FailureCondition,
	}, *logrus.NewEntry(logrus.New()))
	reply := answer{Phase: string(phase)}
	if err != nil {
		reply.Error = err.Error()
	}
	return reply
}

func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	buffered := bufio.NewWriter(out)
	replies := json.NewEncoder(buffered)
	for lines.Scan() {
		var req request
		reply := answer{Stage: "request"}
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			reply.Error = err.Error()
		} else {
			reply = answerTo(req)
		}
		if err := replies.Encode(reply); err != nil {
			return err
		}
		// One answer per question, so that a caller may hold a conversation.
		if err := buffered.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
