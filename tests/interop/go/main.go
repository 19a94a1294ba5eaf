// Checks of what applications rely on, with the published Go client.
//
//	checks run NAMESRV BROKER      all checks; ends with 1 when one fails
//	checks member NAMESRV TOPIC GROUP
//	                               a member of a group that prints the body of each message it consumed, one a line,
//	                               and leaves its group in order on SIGTERM
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const patience = 60 * time.Second

var background = context.Background()

// stage is what a check stands on: names of its own and the servers.
type stage struct {
	name    string
	namesrv string
	broker  string
}

func (s stage) topic() string { return "go-" + s.name }
func (s stage) group() string { return "go-group-" + s.name }

func (s stage) resolver() primitive.NsResolver {
	return primitive.NewPassthroughResolver([]string{s.namesrv})
}

func (s stage) createTopic(queues int) error {
	tool, err := admin.NewAdmin(admin.WithResolver(s.resolver()))
	if err != nil {
		return err
	}
	defer tool.Close()
	return tool.CreateTopic(background, admin.WithTopicCreate(s.topic()), admin.WithBrokerAddrCreate(s.broker),
		admin.WithReadQueueNums(queues), admin.WithWriteQueueNums(queues))
}

func (s stage) producer(options ...producer.Option) (rocketmq.Producer, error) {
	options = append(options, producer.WithNsResolver(s.resolver()), producer.WithGroupName("go-producer-"+s.name),
		producer.WithInstanceName("producer-"+s.name))
	p, err := rocketmq.NewProducer(options...)
	if err != nil {
		return nil, err
	}
	return p, p.Start()
}

// consume starts a consumer whose messages go to the inbox.
func (s stage) consume(in *inbox, selector consumer.MessageSelector, options ...consumer.Option) (rocketmq.PushConsumer, error) {
	options = append([]consumer.Option{consumer.WithNsResolver(s.resolver()), consumer.WithGroupName(s.group()),
		consumer.WithInstance("consumer-" + s.name), consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset)}, options...)
	c, err := rocketmq.NewPushConsumer(options...)
	if err != nil {
		return nil, err
	}
	if err := c.Subscribe(s.topic(), selector, in.take); err != nil {
		return nil, err
	}
	return c, c.Start()
}

// inbox collects what arrives; answer decides what the broker is told.
type inbox struct {
	lock   sync.Mutex
	got    []*primitive.MessageExt
	answer func(*primitive.MessageExt) consumer.ConsumeResult
}

func (in *inbox) take(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	in.lock.Lock()
	defer in.lock.Unlock()
	result := consumer.ConsumeSuccess
	for _, message := range messages {
		in.got = append(in.got, message)
		if in.answer != nil {
			result = in.answer(message)
		}
	}
	return result, nil
}

func (in *inbox) bodies() []string {
	in.lock.Lock()
	defer in.lock.Unlock()
	bodies := make([]string, 0, len(in.got))
	for _, message := range in.got {
		bodies = append(bodies, string(message.Body))
	}
	return bodies
}

// awaitExactly waits for these bodies, each once and no other.
func (in *inbox) awaitExactly(wanted []string) error {
	want := append([]string(nil), wanted...)
	sort.Strings(want)
	deadline := time.Now().Add(patience)
	for {
		got := in.bodies()
		sort.Strings(got)
		if len(got) >= len(want) {
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				return fmt.Errorf("got %d messages that are not the %d wanted ones: %v", len(got), len(want), got)
			}
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d messages arrived", len(got), len(want))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func sent(result *primitive.SendResult, err error) error {
	if err == nil && result.Status != primitive.SendOK {
		err = errors.New("sent with " + result.String())
	}
	return err
}

func all() consumer.MessageSelector { return consumer.MessageSelector{} }

// sending: in every way, alone and as a batch.
func sending(s stage) (string, error) {
	if err := s.createTopic(4); err != nil {
		return "", err
	}
	p, err := s.producer()
	if err != nil {
		return "", err
	}
	defer p.Shutdown()
	var in inbox
	c, err := s.consume(&in, all())
	if err != nil {
		return "", err
	}
	defer c.Shutdown()
	var wanted []string
	next := func(kind string) *primitive.Message {
		body := fmt.Sprintf("%s-%d", kind, len(wanted))
		wanted = append(wanted, body)
		return primitive.NewMessage(s.topic(), []byte(body)).WithKeys([]string{body})
	}
	answered := make(chan error, 50)
	for i := 0; i < 50; i++ {
		if err := sent(p.SendSync(background, next("sync"))); err != nil {
			return "", err
		}
		done := func(_ context.Context, result *primitive.SendResult, err error) { answered <- sent(result, err) }
		if err := p.SendAsync(background, done, next("async")); err != nil {
			return "", err
		}
		if err := p.SendOneWay(background, next("oneway")); err != nil {
			return "", err
		}
	}
	for i := 0; i < 50; i++ {
		if err := <-answered; err != nil {
			return "", err
		}
	}
	if err := sent(p.SendSync(background, next("batch"), next("batch"), next("batch"))); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d messages", len(wanted)), in.awaitExactly(wanted)
}

// filtering: by tag and by expression.
func filtering(s stage, selector consumer.MessageSelector) (string, error) {
	if err := s.createTopic(2); err != nil {
		return "", err
	}
	p, err := s.producer()
	if err != nil {
		return "", err
	}
	defer p.Shutdown()
	var in inbox
	c, err := s.consume(&in, selector)
	if err != nil {
		return "", err
	}
	defer c.Shutdown()
	var wanted []string
	for i := 0; i < 60; i++ {
		tag := []string{"TagA", "TagB", "TagC"}[i%3]
		message := primitive.NewMessage(s.topic(), []byte(fmt.Sprint(tag, i))).WithTag(tag)
		message.WithProperty("number", fmt.Sprint(i))
		if tag != "TagB" {
			wanted = append(wanted, string(message.Body))
		}
		if err := sent(p.SendSync(background, message)); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d of 60 messages", len(wanted)), in.awaitExactly(wanted)
}

func byTag(s stage) (string, error) {
	return filtering(s, consumer.MessageSelector{Type: consumer.TAG, Expression: "TagA || TagC"})
}

func byExpression(s stage) (string, error) {
	return filtering(s, consumer.MessageSelector{Type: consumer.SQL92, Expression: "TAGS <> 'TagB' AND number >= 0"})
}

// ordered: the messages of a key in their order.
func ordered(s stage) (string, error) {
	if err := s.createTopic(4); err != nil {
		return "", err
	}
	p, err := s.producer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	if err != nil {
		return "", err
	}
	defer p.Shutdown()
	var wanted []string
	for i := 0; i < 100; i++ {
		message := primitive.NewMessage(s.topic(), []byte(fmt.Sprintf("%d %03d", i%5, i)))
		message.WithShardingKey(fmt.Sprint("key", i%5))
		wanted = append(wanted, string(message.Body))
		if err := sent(p.SendSync(background, message)); err != nil {
			return "", err
		}
	}
	var in inbox
	c, err := s.consume(&in, all(), consumer.WithConsumerOrder(true))
	if err != nil {
		return "", err
	}
	defer c.Shutdown()
	if err := in.awaitExactly(wanted); err != nil {
		return "", err
	}
	last := map[string]string{}
	for _, body := range in.bodies() {
		key, number, _ := strings.Cut(body, " ")
		if number < last[key] {
			return "", fmt.Errorf("%s came after %s", body, last[key])
		}
		last[key] = number
	}
	return "100 messages of 5 keys", nil
}

// broadcast: everyone gets everything.
func broadcast(s stage) (string, error) {
	if err := s.createTopic(2); err != nil {
		return "", err
	}
	p, err := s.producer()
	if err != nil {
		return "", err
	}
	defer p.Shutdown()
	var inboxes [2]inbox
	for i := range inboxes {
		c, err := s.consume(&inboxes[i], all(), consumer.WithConsumerModel(consumer.BroadCasting),
			consumer.WithInstance(fmt.Sprint("consumer-", i)))
		if err != nil {
			return "", err
		}
		defer c.Shutdown()
	}
	var wanted []string
	for i := 0; i < 20; i++ {
		wanted = append(wanted, fmt.Sprint("b", i))
		if err := sent(p.SendSync(background, primitive.NewMessage(s.topic(), []byte(wanted[i])))); err != nil {
			return "", err
		}
	}
	if err := inboxes[0].awaitExactly(wanted); err != nil {
		return "", err
	}
	return "20 messages to two", inboxes[1].awaitExactly(wanted)
}

// later: a delayed message, and one that is consumed anew.
func later(s stage) (string, error) {
	if err := s.createTopic(1); err != nil {
		return "", err
	}
	p, err := s.producer()
	if err != nil {
		return "", err
	}
	defer p.Shutdown()
	in := inbox{answer: func(message *primitive.MessageExt) consumer.ConsumeResult {
		if string(message.Body) == "again" && message.ReconsumeTimes == 0 {
			return consumer.ConsumeRetryLater
		}
		return consumer.ConsumeSuccess
	}}
	c, err := s.consume(&in, all())
	if err != nil {
		return "", err
	}
	defer c.Shutdown()
	started := time.Now()
	delayed := primitive.NewMessage(s.topic(), []byte("delayed")).WithDelayTimeLevel(2)
	if err := sent(p.SendSync(background, delayed)); err != nil {
		return "", err
	}
	if err := sent(p.SendSync(background, primitive.NewMessage(s.topic(), []byte("again")))); err != nil {
		return "", err
	}
	if err := in.awaitExactly([]string{"again", "again", "delayed"}); err != nil {
		return "", err
	}
	if took := time.Since(started); took < 5*time.Second {
		return "", fmt.Errorf("all came after %v", took)
	}
	return "a delay and a retry", nil
}

// judge decides about transactions by the body; what is unknown at first is committed when it is asked about.
type judge struct{}

func (judge) ExecuteLocalTransaction(message *primitive.Message) primitive.LocalTransactionState {
	switch string(message.Body) {
	case "commit":
		return primitive.CommitMessageState
	case "rollback":
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}

func (judge) CheckLocalTransaction(*primitive.MessageExt) primitive.LocalTransactionState {
	return primitive.CommitMessageState
}

func transaction(s stage) (string, error) {
	if err := s.createTopic(1); err != nil {
		return "", err
	}
	p, err := rocketmq.NewTransactionProducer(judge{}, producer.WithNsResolver(s.resolver()),
		producer.WithGroupName("go-producer-"+s.name), producer.WithInstanceName("producer-"+s.name))
	if err != nil {
		return "", err
	}
	if err := p.Start(); err != nil {
		return "", err
	}
	defer p.Shutdown()
	var in inbox
	c, err := s.consume(&in, all())
	if err != nil {
		return "", err
	}
	defer c.Shutdown()
	for _, body := range []string{"commit", "rollback", "unknown"} {
		if _, err := p.SendMessageInTransaction(background, primitive.NewMessage(s.topic(), []byte(body))); err != nil {
			return "", err
		}
	}
	return "one committed, one rolled back, one asked about", in.awaitExactly([]string{"commit", "unknown"})
}

var checks = []struct {
	name string
	run  func(stage) (string, error)
}{
	{"sending", sending},
	{"tags", byTag},
	{"sql", byExpression},
	{"ordered", ordered},
	{"broadcast", broadcast},
	{"later", later},
	{"transaction", transaction},
}

func runAll(namesrv, broker string) bool {
	var done sync.WaitGroup
	var lock sync.Mutex
	good := true
	for _, check := range checks {
		done.Add(1)
		go func() {
			defer done.Done()
			saw, err := check.run(stage{name: check.name, namesrv: namesrv, broker: broker})
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				good = false
				fmt.Printf("FAIL %s: %v\n", check.name, err)
			} else {
				fmt.Printf("ok   %s: %s\n", check.name, saw)
			}
		}()
	}
	done.Wait()
	return good
}

func member(namesrv, topic, group string) error {
	print := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range messages {
			fmt.Println(string(message.Body))
		}
		return consumer.ConsumeSuccess, nil
	}
	c, err := rocketmq.NewPushConsumer(consumer.WithNsResolver(primitive.NewPassthroughResolver([]string{namesrv})),
		consumer.WithGroupName(group), consumer.WithInstance(fmt.Sprint("go-", os.Getpid())),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		return err
	}
	if err := c.Subscribe(topic, all(), print); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
	return c.Shutdown()
}

func main() {
	rlog.SetLogLevel("fatal")
	switch {
	case len(os.Args) == 4 && os.Args[1] == "run":
		if !runAll(os.Args[2], os.Args[3]) {
			os.Exit(1)
		}
	case len(os.Args) == 5 && os.Args[1] == "member":
		if err := member(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: checks run NAMESRV BROKER | checks member NAMESRV TOPIC GROUP")
		os.Exit(2)
	}
}
