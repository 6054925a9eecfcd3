// Load generator for etcd: puts of a fixed value size, over etcd's own Go client.
//
// Closed loop: `clients` clients keep `in-flight` puts each outstanding. Open loop (`rate` > 0): puts
// start when the schedule says, whether or not earlier ones have returned, and a latency counts from
// the scheduled start. Prints one JSON object; see Benchmarks/README.md for its keys.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/etcd/clientv3"
	"google.golang.org/grpc/grpclog"
)

type result struct {
	Operation    string  `json:"operation"`
	Clients      int     `json:"clients"`
	InFlight     int     `json:"in_flight"`
	Connections  int     `json:"connections"`
	PayloadBytes int     `json:"payload_bytes"`
	RatePerS     float64 `json:"scheduled_per_s"`
	Seconds      float64 `json:"seconds"`
	Completed    int     `json:"completed"`
	Errors       int     `json:"errors"`
	FirstError   string  `json:"first_error,omitempty"`
	EntriesPerS  float64 `json:"entries_per_s"`
	P50          float64 `json:"p50_us"`
	P99          float64 `json:"p99_us"`
	P999         float64 `json:"p999_us"`
	CPUSeconds   float64 `json:"cpu_seconds"`
}

// recorder holds one worker's latencies; workers never share one.
type recorder struct {
	nanoseconds []int64
	errors      int
	firstError  string
}

func (r *recorder) record(started time.Time, err error) {
	if err != nil {
		r.errors++
		if r.firstError == "" {
			r.firstError = err.Error()
		}
		return
	}
	r.nanoseconds = append(r.nanoseconds, time.Since(started).Nanoseconds())
}

type load struct {
	clients  []*clientv3.Client
	value    string
	sequence uint64
}

func (l *load) put(ctx context.Context, connection int) error {
	key := fmt.Sprintf("%016x", atomic.AddUint64(&l.sequence, 1))
	_, err := l.clients[connection%len(l.clients)].Put(ctx, key, l.value)
	return err
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "etcd-load:", err)
	os.Exit(1)
}

// leaderEndpoint asks each endpoint who leads, so that no put pays for a forward by a follower.
func leaderEndpoint(endpoints []string) (string, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
	if err != nil {
		return "", err
	}
	defer client.Close()
	for _, endpoint := range endpoints {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		status, err := client.Status(ctx, endpoint)
		cancel()
		if err == nil && status.Leader == status.Header.MemberId {
			return endpoint, nil
		}
	}
	return "", fmt.Errorf("none of %s says that it leads", strings.Join(endpoints, ", "))
}

func (l *load) closedLoop(workers int, warmUp, duration time.Duration) []recorder {
	recorders := make([]recorder, workers)
	begin := time.Now().Add(warmUp)
	end := begin.Add(duration)
	var group sync.WaitGroup
	for w := range recorders {
		group.Add(1)
		go func(w int) {
			defer group.Done()
			for {
				started := time.Now()
				if !started.Before(end) {
					return
				}
				err := l.put(context.Background(), w)
				if !started.Before(begin) {
					recorders[w].record(started, err)
				}
			}
		}(w)
	}
	group.Wait()
	return recorders
}

func (l *load) openLoop(rate float64, warmUp, duration time.Duration) []recorder {
	begin := time.Now()
	warm := int(rate * warmUp.Seconds())
	total := warm + int(rate*duration.Seconds())
	recorders := make([]recorder, total)
	var group sync.WaitGroup
	for i := 0; i < total; i++ {
		due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		group.Add(1)
		go func(i int, due time.Time) {
			defer group.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			recorders[i].record(due, l.put(ctx, i))
		}(i, due)
	}
	group.Wait()
	return recorders[warm:]
}

func quantile(sorted []int64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	position := int(q * float64(len(sorted)))
	if position >= len(sorted) {
		position = len(sorted) - 1
	}
	return float64(sorted[position]) / 1e3
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	seconds := usage.Utime.Sec + usage.Stime.Sec
	micros := usage.Utime.Usec + usage.Stime.Usec
	return float64(seconds) + float64(micros)/1e6
}

func main() {
	endpoints := flag.String("endpoints", "127.0.0.1:2379", "client endpoints, comma-separated")
	clients := flag.Int("clients", 64, "clients (closed loop)")
	inFlight := flag.Int("in-flight", 1, "puts that each client keeps outstanding")
	connections := flag.Int("connections", 1, "HTTP/2 connections that the clients share")
	payload := flag.Int("payload", 1024, "bytes of a value")
	seconds := flag.Float64("seconds", 10, "measured time")
	warmUp := flag.Float64("warm-up", 2, "seconds before the measured time")
	rate := flag.Float64("rate", 0, "puts per second by schedule (open loop); 0 is closed loop")
	flag.Parse()
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(discard{}, discard{}, discard{}))

	leader, err := leaderEndpoint(strings.Split(*endpoints, ","))
	if err != nil {
		fail(err)
	}
	l := &load{value: strings.Repeat("v", *payload)}
	for i := 0; i < *connections; i++ {
		client, err := clientv3.New(
			clientv3.Config{Endpoints: []string{leader}, DialTimeout: 5 * time.Second})
		if err != nil {
			fail(err)
		}
		defer client.Close()
		l.clients = append(l.clients, client)
	}

	duration := time.Duration(*seconds * float64(time.Second))
	warm := time.Duration(*warmUp * float64(time.Second))
	cpuBefore := cpuSeconds()
	elapsed := duration
	var recorders []recorder
	if *rate > 0 {
		started := time.Now()
		recorders = l.openLoop(*rate, warm, duration)
		// Puts that were late count for the time that they took.
		elapsed = time.Since(started) - warm
	} else {
		recorders = l.closedLoop(*clients**inFlight, warm, duration)
	}
	out := result{Operation: "put", Clients: *clients, InFlight: *inFlight,
		Connections: *connections, PayloadBytes: *payload, RatePerS: *rate,
		Seconds: elapsed.Seconds(), CPUSeconds: cpuSeconds() - cpuBefore}
	var all []int64
	for _, r := range recorders {
		all = append(all, r.nanoseconds...)
		out.Errors += r.errors
		if out.FirstError == "" {
			out.FirstError = r.firstError
		}
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	out.Completed = len(all)
	out.EntriesPerS = float64(len(all)) / elapsed.Seconds()
	out.P50, out.P99, out.P999 = quantile(all, 0.5), quantile(all, 0.99), quantile(all, 0.999)
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		fail(err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
