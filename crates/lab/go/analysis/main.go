// Command analysis is the judge of the counting: it drives Argo Rollouts' own analysis controller, with its own
// Prometheus provider, against a Prometheus of ours and a clock of ours. One JSON object per line in and out:
//
//	{"metric": {"successCondition": "...", "count": 3, ...}, "samples": ["0.01", "NaN", "none", "error"]}
//	  -> {"phase": "Successful", "metricPhase": "Successful", "taken": 3, "times": [90, 100, 110]}
//
// Samples are served in turn: values with commas between them, `none` or `error` (503). The run is judged when all were
// taken, or ended then. `times` are seconds after its start.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/argoproj/argo-rollouts/analysis"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/pkg/client/clientset/versioned/fake"
	rolloutinformers "github.com/argoproj/argo-rollouts/pkg/client/informers/externalversions"
	"github.com/argoproj/argo-rollouts/utils/record"
	timeutil "github.com/argoproj/argo-rollouts/utils/time"
	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubeinformers "k8s.io/client-go/informers"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/workqueue"
)

//go:linkname reconcile github.com/argoproj/argo-rollouts/analysis.(*Controller).reconcileAnalysisRun
func reconcile(c *analysis.Controller, run *v1alpha1.AnalysisRun) *v1alpha1.AnalysisRun

type request struct {
	Metric    v1alpha1.Metric `json:"metric"`
	Samples   []string        `json:"samples"`
	DryRun    bool            `json:"dryRun"`
	Terminate bool            `json:"terminate"` // end the run after the samples
}

type answer struct {
	Phase       string `json:"phase"`
	MetricPhase string `json:"metricPhase"`
	Message     string `json:"message,omitempty"`
	Taken       int    `json:"taken"`
	Times       []int  `json:"times"`
}

// prometheus answers instant queries with the samples of one request.
type prometheus struct {
	sync.Mutex
	samples []string
	served  int
	now     time.Time
	times   []time.Time
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.Lock()
	defer p.Unlock()
	sample := p.samples[min(p.served, len(p.samples)-1)]
	p.served++
	p.times = append(p.times, p.now)
	if sample == "error" {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var series []string
	if sample != "none" {
		for i, value := range strings.Split(sample, ",") {
			series = append(series, fmt.Sprintf(`{"metric":{"i":"%d"},"value":[0,%q]}`, i, value))
		}
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, strings.Join(series, ","))
}

// silent is a recorder of events that nobody reads; the library's fake one blocks after a thousand.
type silent struct{ record.EventRecorder }

func (silent) Eventf(runtime.Object, record.EventOptions, string, ...any) {}
func (silent) Warnf(runtime.Object, record.EventOptions, string, ...any)  {}

type judge struct {
	controller *analysis.Controller
	prom       *prometheus
	url        string
}

func newJudge() *judge {
	client, kube := fake.NewSimpleClientset(), kubefake.NewSimpleClientset()
	rollouts := rolloutinformers.NewSharedInformerFactory(client, 0)
	jobs := kubeinformers.NewSharedInformerFactory(kube, 0)
	queue := workqueue.NewNamedRateLimitingQueue(workqueue.DefaultControllerRateLimiter(), "analysis")
	controller := analysis.NewController(analysis.ControllerConfig{
		KubeClientSet:        kube,
		ArgoProjClientset:    client,
		AnalysisRunInformer:  rollouts.Argoproj().V1alpha1().AnalysisRuns(),
		JobInformer:          jobs.Batch().V1().Jobs(),
		AnalysisRunWorkQueue: queue,
		Recorder:             silent{},
	})
	prom := &prometheus{}
	server := httptest.NewServer(prom)
	return &judge{controller, prom, server.URL}
}

func (j *judge) run(req request) answer {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	timeutil.SetNowTimeFunc(func() time.Time { return now })
	j.prom.samples, j.prom.now = req.Samples, now
	j.prom.served, j.prom.times = 0, nil
	req.Metric.Name = "gate"
	req.Metric.Provider = v1alpha1.MetricProvider{
		Prometheus: &v1alpha1.PrometheusMetric{Address: j.url, Query: "gate"},
	}
	run := &v1alpha1.AnalysisRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: "test"},
		Spec:       v1alpha1.AnalysisRunSpec{Metrics: []v1alpha1.Metric{req.Metric}},
	}
	if req.DryRun {
		run.Spec.DryRun = []v1alpha1.DryRun{{MetricName: "gate"}}
	}
	// A little more than a second: the controller waits until an interval is over, not just reached.
	const tick = 1001 * time.Millisecond
	for ticks := 0; ticks < 2000 && !run.Status.Phase.Completed(); ticks++ {
		run.Spec.Terminate = req.Terminate && j.prom.served >= len(req.Samples)
		if j.prom.served >= len(req.Samples) && !run.Spec.Terminate {
			break
		}
		run = reconcile(j.controller, run)
		now = now.Add(tick)
		j.prom.now = now
	}
	reply := answer{Phase: string(run.Status.Phase), Message: run.Status.Message, Taken: j.prom.served, Times: []int{}}
	for _, at := range j.prom.times {
		reply.Times = append(reply.Times, int(at.Sub(start).Seconds()))
	}
	for _, result := range run.Status.MetricResults {
		reply.MetricPhase = string(result.Phase)
	}
	return reply
}

func main() {
	logrus.SetOutput(io.Discard)
	j := newJudge()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := out.Encode(j.run(req)); err != nil {
			os.Exit(1)
		}
	}
}
