// Traces of kube-apiserver's own flow control, for the tests of crates/api-cost/src/apf.
//
//	cd testbed/apf && go run . > ../../crates/api-cost/src/apf/queue_set/tests/traces.txt
//
// The code of k8s.io/apiserver runs on a clock of ours: each line is something that happened, and what became of it.
//
//	hand SCHEMA DISTINGUISHER QUEUES HAND = queue,queue,...
//	set QUEUES HAND LENGTH LIMIT
//	NANOSECONDS arrive ID FLOW INITIAL LAST MILLISECONDS = queue/position | executing queue | queue-full
//	NANOSECONDS finish ID | give-up ID | release ID | limit SEATS
//
// and then the requests that began to run with it: "> ID ID". Afterwards the seats in use.
package main

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/util/flowcontrol/debug"
	fq "k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing"
	"k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/eventclock"
	"k8s.io/apiserver/pkg/util/flowcontrol/fairqueuing/queueset"
	"k8s.io/apiserver/pkg/util/flowcontrol/metrics"
	fcrequest "k8s.io/apiserver/pkg/util/flowcontrol/request"
	"k8s.io/apiserver/pkg/util/shufflesharding"
)

// handClock goes where it is set; what is due is run by whoever sets it.
type handClock struct {
	now time.Time
	due dueHeap
	// finishing is the request whose end is being told to the queues: what falls due later is its last seats.
	finishing int
}

type due struct {
	at  time.Time
	run eventclock.EventFunc
	id  int
}

type dueHeap []due

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(due)) }
func (h *dueHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (c *handClock) Now() time.Time                  { return c.now }
func (c *handClock) Since(t time.Time) time.Duration { return c.now.Sub(t) }
func (c *handClock) Sleep(time.Duration)             { panic("queues do not sleep") }
func (c *handClock) EventAfterTime(f eventclock.EventFunc, t time.Time) {
	heap.Push(&c.due, due{t, f, c.finishing})
}
func (c *handClock) EventAfterDuration(f eventclock.EventFunc, d time.Duration) {
	c.EventAfterTime(f, c.now.Add(d))
}

// one request of ours.
type one struct {
	id     int
	finish chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

type world struct {
	clock   *handClock
	start   time.Time
	set     fq.QueueSet
	running map[int]bool
	alive   map[int]*one
}

func main() {
	hands()
	for seed, shape := range [][4]int{{8, 3, 3, 5}, {16, 4, 5, 12}, {1, 1, 4, 3}, {64, 6, 4, 20}, {0, 0, 0, 6}} {
		trace(int64(seed), shape, 420)
	}
}

func hands() {
	for _, row := range []struct {
		schema, by   string
		queues, hand int
	}{
		{"service-accounts", "system:serviceaccount:monitoring:agent", 128, 6},
		{"service-accounts", "system:serviceaccount:default:default", 128, 6},
		{"kube-system-service-accounts", "", 128, 6},
		{"kube-system-service-accounts", "kube-system", 128, 6},
		{"system-nodes", "system:node:node-17", 64, 6},
		{"system-leader-election", "system:kube-scheduler", 16, 4},
		{"global-default", "jane", 1024, 6},
		{"x", "y", 2, 2},
		{"x", "y", 1, 1},
	} {
		dealer, err := shufflesharding.NewDealer(row.queues, row.hand)
		if err != nil {
			panic(err)
		}
		hand := dealer.DealIntoHand(hash(row.schema, row.by), nil)
		words := strings.Trim(strings.ReplaceAll(fmt.Sprint(hand), " ", ","), "[]")
		fmt.Printf("hand %s|%s %d %d = %s\n", row.schema, row.by, row.queues, row.hand, words)
	}
}

// As KEP-1040 says; the original is not exported.
func hash(schema, by string) uint64 {
	sum := sha256.Sum256([]byte(schema + "\x00" + by))
	return binary.LittleEndian.Uint64(sum[:8])
}

func trace(seed int64, shape [4]int, steps int) {
	random := rand.New(rand.NewSource(seed))
	clock := &handClock{now: time.Unix(1000, 0)}
	factory := queueset.NewQueueSetFactory(clock)
	config := fq.QueuingConfig{Name: "trace", DesiredNumQueues: shape[0], HandSize: shape[1], QueueLengthLimit: shape[2]}
	gauges := metrics.RatioedGaugeVecPhasedElementPair(metrics.PriorityLevelConcurrencyGaugeVec, 1, 1, []string{"trace"})
	seats := metrics.PriorityLevelExecutionSeatsGaugeVec.NewForLabelValuesSafe(0, 1, []string{"trace"})
	completer, err := factory.BeginConstruction(config, gauges, seats, fq.NewNamedIntegrator(clock, "trace"))
	if err != nil {
		panic(err)
	}
	limit := shape[3]
	set := completer.Complete(fq.DispatchingConfig{ConcurrencyLimit: limit, ConcurrencyDenominator: limit})
	w := &world{clock: clock, start: clock.now, set: set, running: map[int]bool{}, alive: map[int]*one{}}
	fmt.Printf("set %d %d %d %d\n", shape[0], shape[1], shape[2], limit)
	for id := 0; id < steps; id++ {
		w.pass(time.Duration(random.Intn(9_000_000)))
		switch dice := random.Intn(100); {
		case dice < 55:
			w.arrive(id, random)
		case dice < 92:
			if which := pick(random, w.running, w.alive); which >= 0 {
				w.finish(which)
			}
		case dice < 97:
			if which := w.waiting(random); which >= 0 {
				w.giveUp(which)
			}
		default:
			limit = shape[3]/2 + random.Intn(shape[3])
			w.setLimit(config, limit)
		}
	}
}

// pass lets time go by; what falls due on the way happens at its own moment.
func (w *world) pass(d time.Duration) {
	until := w.clock.now.Add(d)
	for len(w.clock.due) > 0 && !w.clock.due[0].at.After(until) {
		next := heap.Pop(&w.clock.due).(due)
		w.clock.now = next.at
		next.run(next.at)
		w.say("release %d", next.id)
	}
	w.clock.now = until
}

func (w *world) arrive(id int, random *rand.Rand) {
	flow := random.Intn(6)
	estimate := fcrequest.WorkEstimate{InitialSeats: 1}
	switch random.Intn(4) {
	case 0:
		estimate.InitialSeats = uint64(1 + random.Intn(4))
	case 1:
		// Different for each, so that no two lingering requests fall due together.
		estimate.FinalSeats = uint64(1 + random.Intn(7))
		estimate.AdditionalLatency = time.Duration(5+id) * time.Millisecond
	}
	ctx, cancel := context.WithCancel(request.WithUser(context.Background(), &user.DefaultInfo{Name: "u"}))
	this := &one{id: id, finish: make(chan struct{}), cancel: cancel, done: make(chan struct{})}
	name := fmt.Sprint(id)
	accepted, _ := w.set.StartRequest(ctx, &estimate, hash("trace", fmt.Sprint(flow)), name, "trace", name, "", nil)
	what := fmt.Sprintf("arrive %d %d %d %d %d", id, flow, estimate.InitialSeats, estimate.FinalSeats, estimate.AdditionalLatency.Milliseconds())
	if accepted == nil {
		w.say("%s = refused", what)
		return
	}
	w.alive[id] = this
	go func() {
		accepted.Finish(func() { <-this.finish })
		close(this.done)
	}()
	w.say("%s = %s", what, w.where(name))
}

func (w *world) finish(id int) {
	this := w.alive[id]
	delete(w.alive, id)
	delete(w.running, id)
	w.clock.finishing = id
	close(this.finish)
	<-this.done
	w.say("finish %d", id)
}

func (w *world) giveUp(id int) {
	this := w.alive[id]
	delete(w.alive, id)
	this.cancel()
	<-this.done
	w.say("give-up %d", id)
}

func (w *world) setLimit(config fq.QueuingConfig, limit int) {
	completer, err := w.set.BeginConfigChange(config)
	if err != nil {
		panic(err)
	}
	completer.Complete(fq.DispatchingConfig{ConcurrencyLimit: limit, ConcurrencyDenominator: limit})
	w.say("limit %d", limit)
}

// say prints an event and what began with it.
func (w *world) say(format string, args ...any) {
	dump := w.set.Dump(false)
	var began []int
	for _, dumped := range executing(dump) {
		var id int
		fmt.Sscan(dumped.FlowDistinguisher, &id)
		if !w.running[id] && w.alive[id] != nil {
			w.running[id] = true
			began = append(began, id)
		}
	}
	sort.Ints(began)
	words := strings.Trim(fmt.Sprint(began), "[]")
	fmt.Printf("%d %s > %s ; %d\n", w.clock.now.Sub(w.start).Nanoseconds(), fmt.Sprintf(format, args...), words, dump.SeatsInUse)
}

func executing(dump debug.QueueSetDump) []debug.RequestDump {
	all := append([]debug.RequestDump{}, dump.QueuelessExecutingRequests...)
	for _, queue := range dump.Queues {
		all = append(all, queue.RequestsExecuting...)
	}
	return all
}

func (w *world) where(name string) string {
	dump := w.set.Dump(false)
	for index, queue := range dump.Queues {
		for position, dumped := range queue.Requests {
			if dumped.FlowDistinguisher == name {
				return fmt.Sprintf("waiting %d/%d", index, position)
			}
		}
		for _, dumped := range queue.RequestsExecuting {
			if dumped.FlowDistinguisher == name {
				return fmt.Sprintf("executing %d", index)
			}
		}
	}
	return "executing -"
}

func pick(random *rand.Rand, of map[int]bool, alive map[int]*one) int {
	var ids []int
	for id := range of {
		if alive[id] != nil {
			ids = append(ids, id)
		}
	}
	sort.Ints(ids)
	if len(ids) == 0 {
		return -1
	}
	return ids[random.Intn(len(ids))]
}

func (w *world) waiting(random *rand.Rand) int {
	var ids []int
	for id := range w.alive {
		if !w.running[id] {
			ids = append(ids, id)
		}
	}
	sort.Ints(ids)
	if len(ids) == 0 {
		return -1
	}
	return ids[random.Intn(len(ids))]
}
