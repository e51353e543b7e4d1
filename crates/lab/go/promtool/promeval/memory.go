package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// number is a float that JSON's own numbers cannot always write.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(strconv.FormatFloat(f, 'g', -1, 64))
	}
	return json.Marshal(float64(n))
}

func (n *number) UnmarshalJSON(text []byte) error {
	if unquoted, err := strconv.Unquote(string(text)); err == nil {
		if unquoted == "stale" {
			*n = number(math.Float64frombits(value.StaleNaN))
			return nil
		}
		text = []byte(unquoted)
	}
	parsed, err := strconv.ParseFloat(string(text), 64)
	*n = number(parsed)
	return err
}

type series struct {
	Labels  map[string]string `json:"labels"`
	Samples [][2]number       `json:"samples"`
}

type sample struct {
	at    int64 // milliseconds
	value float64
}

func (s sample) T() int64                    { return s.at }
func (s sample) F() float64                  { return s.value }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }

// memory is a storage that holds just one question's series, sorted by their labels, as the
// engine expects of a storage.
type memory []*storage.SeriesEntry

func newMemory(given []series) memory {
	held := make(memory, 0, len(given))
	for _, one := range given {
		samples := make([]chunks.Sample, 0, len(one.Samples))
		for _, point := range one.Samples {
			samples = append(samples, sample{
				at:    int64(math.Round(float64(point[0]) * 1000)),
				value: float64(point[1]),
			})
		}
		sort.SliceStable(samples, func(i, j int) bool { return samples[i].T() < samples[j].T() })
		held = append(held, storage.NewListSeries(labels.FromMap(one.Labels), samples))
	}
	sort.SliceStable(held, func(i, j int) bool { return labels.Compare(held[i].Lset, held[j].Lset) < 0 })
	return held
}

// Querier implements storage.Queryable. The engine itself bounds what it reads in time.
func (m memory) Querier(_, _ int64) (storage.Querier, error) { return m, nil }

// Select implements storage.Querier.
func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	selected := &selection{}
	for _, one := range m {
		if matches(one.Lset, matchers) {
			selected.series = append(selected.series, one)
		}
	}
	return selected
}

func matches(of labels.Labels, matchers []*labels.Matcher) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(of.Get(matcher.Name)) {
			return false
		}
	}
	return true
}

// LabelValues implements storage.Querier; no query asks for it.
func (memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, fmt.Errorf("label values are not stored")
}

// LabelNames implements storage.Querier; no query asks for it.
func (memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, fmt.Errorf("label names are not stored")
}

// Close implements storage.Querier.
func (memory) Close() error { return nil }

type selection struct {
	series []*storage.SeriesEntry
	taken  int
}

func (s *selection) Next() bool {
	s.taken++
	return s.taken <= len(s.series)
}
func (s *selection) At() storage.Series                { return s.series[s.taken-1] }
func (s *selection) Err() error                        { return nil }
func (s *selection) Warnings() annotations.Annotations { return nil }
