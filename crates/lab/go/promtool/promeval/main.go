// Command promeval is the judge of PromQL: Prometheus' own parser and engine over the series
// that each question brings along. One JSON object per line in, one per line out, in order.
//
//	{"query": "up", "parse_only": true}
//	  -> {"type": "vector"} or {"error": "...", "stage": "parse"}
//	{"query": "sum(rate(x_total[1m]))", "at": 120,
//	 "series": [{"labels": {"__name__": "x_total"}, "samples": [[60, 1], [120, 3]]}]}
//	  -> {"type": "vector", "series": [{"labels": {}, "value": 0.033}]}
//	  -> {"error": "...", "stage": "run"}
//
// Times are seconds. A value is a number or "NaN", "+Inf", "-Inf"; "stale" writes Prometheus'
// staleness marker. A matrix (top level range vector) gives "samples" in place of "value".
// Engine options are those of a Prometheus server without feature flags.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

type request struct {
	Query     string   `json:"query"`
	ParseOnly bool     `json:"parse_only"`
	At        float64  `json:"at"`
	Series    []series `json:"series"`
}

type answer struct {
	Type   parser.ValueType `json:"type,omitempty"`
	Value  *number          `json:"value,omitempty"`
	Text   *string          `json:"text,omitempty"`
	Series []found          `json:"series,omitempty"`
	Error  string           `json:"error,omitempty"`
	Stage  string           `json:"stage,omitempty"`
}

type found struct {
	Labels  map[string]string `json:"labels"`
	Value   *number           `json:"value,omitempty"`
	Samples [][2]number       `json:"samples,omitempty"`
}

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:           50_000_000,
		Timeout:              10 * time.Second,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 {
			return time.Minute.Milliseconds()
		},
	})
}

func answerTo(engine *promql.Engine, req request) answer {
	parsed, err := parser.ParseExpr(req.Query)
	if err != nil {
		return answer{Error: err.Error(), Stage: "parse"}
	}
	if req.ParseOnly {
		return answer{Type: parsed.Type()}
	}
	at := time.UnixMilli(int64(math.Round(req.At * 1000)))
	query, err := engine.NewInstantQuery(context.Background(), newMemory(req.Series), nil, req.Query, at)
	if err != nil {
		return answer{Error: err.Error(), Stage: "run"}
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return answer{Error: result.Err.Error(), Stage: "run"}
	}
	return describe(result.Value)
}

func describe(value parser.Value) answer {
	reply := answer{Type: value.Type()}
	switch value := value.(type) {
	case promql.Scalar:
		reply.Value = (*number)(&value.V)
	case promql.String:
		reply.Text = &value.V
	case promql.Vector:
		for _, sample := range value {
			reply.Series = append(reply.Series, found{
				Labels: sample.Metric.Map(),
				Value:  (*number)(&sample.F),
			})
		}
	case promql.Matrix:
		for _, row := range value {
			one := found{Labels: row.Metric.Map()}
			for _, point := range row.Floats {
				one.Samples = append(one.Samples, [2]number{number(float64(point.T) / 1000), number(point.F)})
			}
			reply.Series = append(reply.Series, one)
		}
	}
	return reply
}

func serve(in io.Reader, out io.Writer) error {
	engine := newEngine()
	defer engine.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	buffered := bufio.NewWriter(out)
	replies := json.NewEncoder(buffered)
	replies.SetEscapeHTML(false)
	for lines.Scan() {
		var req request
		reply := answer{Stage: "request"}
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			reply.Error = err.Error()
		} else {
			reply = answerTo(engine, req)
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
