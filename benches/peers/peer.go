// The bench's numbers behind Go's client_golang, as constant metrics of a collector: peer TWEETS SERIES. Says its port.
package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

type tweets struct {
	description   *prometheus.Desc
	count, series int
}

func (t tweets) Describe(descriptions chan<- *prometheus.Desc) { descriptions <- t.description }

func (t tweets) Collect(metrics chan<- prometheus.Metric) {
	for tweet := 0; tweet < t.count; tweet++ {
		id := strconv.Itoa(1700000000000000000 + tweet*503316480000)
		for metric := 0; metric < t.series; metric++ {
			value := float64(tweet * 7 % 100000 / (metric + 1))
			name := fmt.Sprintf("metric_%02d", metric)
			metrics <- prometheus.MustNewConstMetric(t.description, prometheus.GaugeValue, value, "acme", id, name)
		}
	}
}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	series, _ := strconv.Atoi(os.Args[2])
	labels := []string{"account", "tweet_id", "metric"}
	description := prometheus.NewDesc("tweet_engagement", "Lifetime total", labels, nil)
	registry := prometheus.NewRegistry()
	registry.MustRegister(tweets{description, count, series})
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	// The bench's reader knows lengths, not chunks.
	whole := func(writer http.ResponseWriter, request *http.Request) {
		recorder := httptest.NewRecorder()
		recorder.Body = new(bytes.Buffer)
		handler.ServeHTTP(recorder, request)
		for name, values := range recorder.Header() {
			writer.Header()[name] = values
		}
		writer.Header().Set("Content-Length", strconv.Itoa(recorder.Body.Len()))
		writer.Write(recorder.Body.Bytes())
	}
	panic(http.Serve(listener, http.HandlerFunc(whole)))
}
