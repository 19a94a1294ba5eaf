import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.AckCallback;
import org.apache.rocketmq.client.consumer.AckResult;
import org.apache.rocketmq.client.consumer.AckStatus;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PopCallback;
import org.apache.rocketmq.client.consumer.PopResult;
import org.apache.rocketmq.client.consumer.PopStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.common.message.MessageRequestMode;
import org.apache.rocketmq.remoting.protocol.header.AckMessageRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ChangeInvisibleTimeRequestHeader;
import org.apache.rocketmq.remoting.protocol.header.ExtraInfoUtil;
import org.apache.rocketmq.remoting.protocol.header.PopMessageRequestHeader;

/** Pop consumption: by the push consumer, and by the requests themselves. */
final class Popping {
    private static final long TIMEOUT = 25_000;

    private Popping() {
    }

    /** What talks to the broker of a topic. */
    private record Line(MQClientAPIImpl api, String broker, String address) {
        static Line of(DefaultMQProducer producer, MessageQueue queue) {
            var factory = producer.getDefaultMQProducerImpl().getMqClientFactory();
            String name = queue.getBrokerName();
            // Addresses are known of topics that were sent to.
            factory.updateTopicRouteInfoFromNameServer(queue.getTopic());
            return new Line(factory.getMQClientAPIImpl(), name, factory.findBrokerAddressInPublish(name));
        }

        PopResult pop(PopMessageRequestHeader header) throws Exception {
            CompletableFuture<PopResult> result = new CompletableFuture<>();
            header.setBornTime(System.currentTimeMillis());
            api.popMessageAsync(broker, address, header, TIMEOUT, new PopCallback() {
                @Override
                public void onSuccess(PopResult popped) {
                    result.complete(popped);
                }

                @Override
                public void onException(Throwable failed) {
                    result.completeExceptionally(failed);
                }
            });
            return result.get(TIMEOUT, TimeUnit.MILLISECONDS);
        }

        AckStatus ack(String topic, String group, MessageExt message) throws Exception {
            String handle = message.getProperty(MessageConst.PROPERTY_POP_CK);
            String[] parts = ExtraInfoUtil.split(handle);
            AckMessageRequestHeader header = new AckMessageRequestHeader();
            header.setTopic(ExtraInfoUtil.getRealTopic(parts, topic, group));
            header.setConsumerGroup(group);
            header.setQueueId(ExtraInfoUtil.getQueueId(parts));
            header.setOffset(ExtraInfoUtil.getQueueOffset(parts));
            header.setExtraInfo(handle);
            Acked acked = new Acked();
            api.ackMessageAsync(address, TIMEOUT, acked, header);
            return acked.get().getStatus();
        }

        AckResult change(String topic, String group, MessageExt message, long invisible) throws Exception {
            String handle = message.getProperty(MessageConst.PROPERTY_POP_CK);
            String[] parts = ExtraInfoUtil.split(handle);
            ChangeInvisibleTimeRequestHeader header = new ChangeInvisibleTimeRequestHeader();
            header.setTopic(ExtraInfoUtil.getRealTopic(parts, topic, group));
            header.setConsumerGroup(group);
            header.setQueueId(ExtraInfoUtil.getQueueId(parts));
            header.setOffset(ExtraInfoUtil.getQueueOffset(parts));
            header.setExtraInfo(handle);
            header.setInvisibleTime(invisible);
            Acked acked = new Acked();
            api.changeInvisibleTimeAsync(broker, address, header, TIMEOUT, acked);
            return acked.get();
        }

        void batchAck(String topic, String group, List<String> handles) throws Exception {
            Acked acked = new Acked();
            api.batchAckMessageAsync(address, TIMEOUT, acked, topic, group, handles);
            Stage.same("batch ack", AckStatus.OK, acked.get().getStatus());
        }
    }

    private static final class Acked implements AckCallback {
        private final CompletableFuture<AckResult> result = new CompletableFuture<>();

        @Override
        public void onSuccess(AckResult acked) {
            result.complete(acked);
        }

        @Override
        public void onException(Throwable failed) {
            result.completeExceptionally(failed);
        }

        AckResult get() throws Exception {
            return result.get(TIMEOUT, TimeUnit.MILLISECONDS);
        }
    }

    private static PopMessageRequestHeader header(String topic, String group, long invisible) {
        PopMessageRequestHeader header = new PopMessageRequestHeader();
        header.setTopic(topic);
        header.setConsumerGroup(group);
        header.setQueueId(-1);
        header.setMaxMsgNums(32);
        header.setInvisibleTime(invisible);
        header.setInitMode(0);
        header.setExpType("TAG");
        header.setExp("*");
        header.setPollTime(2000);
        return header;
    }

    /** Pops until so many came. */
    private static List<MessageExt> popped(Line line, PopMessageRequestHeader header, int count) throws Exception {
        List<MessageExt> all = new ArrayList<>();
        long end = System.currentTimeMillis() + Stage.PATIENCE_MS;
        while (all.size() < count) {
            Stage.check(System.currentTimeMillis() < end, all.size() + " of " + count + " messages were popped");
            PopResult result = line.pop(header);
            if (result.getPopStatus() == PopStatus.FOUND) {
                all.addAll(result.getMsgFoundList());
            }
        }
        return all;
    }

    private static List<String> bodies(List<MessageExt> messages) {
        return messages.stream().map(message -> new String(message.getBody())).sorted().toList();
    }

    /** What is acknowledged, alone or together, is done; what is not comes again, and once more if it must. */
    static String requests(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 2);
        Line line = Line.of(producer, queues.get(0));
        for (int i = 0; i < 8; i++) {
            Stage.ok(producer.send(Stage.message(topic, "t", "k" + i, "m" + i), queues.get(i % 2)));
        }
        List<MessageExt> first = popped(line, header(topic, group, 6000), 8);
        Stage.same("first", List.of("m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7"), bodies(first));
        List<String> together = new ArrayList<>();
        for (MessageExt message : first) {
            int number = message.getBody()[1] - '0';
            if (number < 2) {
                Stage.same("ack", AckStatus.OK, line.ack(topic, group, message));
            } else if (number < 5) {
                together.add(message.getProperty(MessageConst.PROPERTY_POP_CK));
            } else if (number == 5) {
                Stage.same("change", AckStatus.OK, line.change(topic, group, message, 60_000).getStatus());
            }
        }
        line.batchAck(topic, group, together);
        List<MessageExt> again = popped(line, header(topic, group, 4000), 2);
        Stage.same("again", List.of("m6", "m7"), bodies(again));
        for (MessageExt message : again) {
            Stage.same("topic", topic, message.getTopic());
            Stage.same("times", 1, message.getReconsumeTimes());
        }
        List<MessageExt> third = popped(line, header(topic, group, 60_000), 2);
        Stage.same("third", List.of("m6", "m7"), bodies(third));
        for (MessageExt message : third) {
            Stage.same("times", 2, message.getReconsumeTimes());
            Stage.same("ack of a retried one", AckStatus.OK, line.ack(topic, group, message));
        }
        Stage.same("rest", PopStatus.POLLING_NOT_FOUND, line.pop(header(topic, group, 6000)).getPopStatus());
        return "8 messages, 2 of them three times";
    }

    /** A pop that is held gets the next message at once; filtered by tag. */
    static String longPoll(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = Stage.create(producer, topic, 1).get(0);
        Line line = Line.of(producer, queue);
        PopMessageRequestHeader header = header(topic, group, 60_000);
        header.setExp("wanted");
        header.setPollTime(15_000);
        CompletableFuture<PopResult> held = CompletableFuture.supplyAsync(() -> {
            try {
                return line.pop(header);
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        Thread.sleep(1500);
        Stage.check(!held.isDone(), "a pop of nothing is not held");
        Stage.ok(producer.send(Stage.message(topic, "other", "k", "other"), queue));
        Stage.ok(producer.send(Stage.message(topic, "wanted", "k", "wanted"), queue));
        PopResult result = held.get(TIMEOUT, TimeUnit.MILLISECONDS);
        Stage.same("status", PopStatus.FOUND, result.getPopStatus());
        Stage.same("message", List.of("wanted"), bodies(result.getMsgFoundList()));
        return "held";
    }

    /** In order: a queue gives nothing until what it gave is acknowledged, or its time is over. */
    static String ordered(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = Stage.create(producer, topic, 1).get(0);
        Line line = Line.of(producer, queue);
        for (int i = 0; i < 3; i++) {
            Stage.ok(producer.send(Stage.message(topic, "t", "k" + i, "m" + i), queue));
        }
        PopMessageRequestHeader header = header(topic, group, 5000);
        header.setOrder(true);
        header.setMaxMsgNums(1);
        header.setAttemptId("1");
        MessageExt first = popped(line, header, 1).get(0);
        Stage.same("first", "m0", new String(first.getBody()));
        header.setAttemptId("2");
        header.setPollTime(500);
        Stage.same("blocked", PopStatus.POLLING_NOT_FOUND, line.pop(header).getPopStatus());
        Stage.same("ack", AckStatus.OK, line.ack(topic, group, first));
        header.setPollTime(2000);
        MessageExt second = popped(line, header, 1).get(0);
        Stage.same("second", "m1", new String(second.getBody()));
        header.setAttemptId("3");
        MessageExt again = popped(line, header, 1).get(0);
        Stage.same("again", "m1", new String(again.getBody()));
        Stage.same("times", 1, again.getReconsumeTimes());
        Stage.same("change", AckStatus.OK, line.change(topic, group, again, 1000).getStatus());
        header.setAttemptId("4");
        MessageExt third = popped(line, header, 1).get(0);
        Stage.same("once more", "m1", new String(third.getBody()));
        Stage.same("ack", AckStatus.OK, line.ack(topic, group, third));
        header.setAttemptId("5");
        Stage.same("last", "m2", new String(popped(line, header, 1).get(0).getBody()));
        return "3 messages, one of them three times";
    }

    /** Push consumers that share queues by pop: everything comes, and what fails comes again. */
    static String push(Stage stage) throws Exception {
        String topic = stage.name("topic");
        String group = stage.name("group");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 4);
        Line line = Line.of(producer, queues.get(0));
        // A group that nobody joined yet is made by the first request about it.
        line.pop(header(topic, group, 1000));
        line.api().setMessageRequestMode(line.address(), topic, group, MessageRequestMode.POP, 0, 10_000);
        Map<String, AtomicInteger> times = new ConcurrentHashMap<>();
        Inbox inbox = new Inbox();
        MessageListenerConcurrently listener = (messages, context) -> {
            for (MessageExt message : messages) {
                String body = new String(message.getBody());
                int time = times.computeIfAbsent(body, one -> new AtomicInteger()).incrementAndGet();
                if (body.endsWith("0") && time == 1) {
                    context.setDelayLevelWhenNextConsume(1);
                    return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                }
            }
            inbox.add(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
        for (int i = 0; i < 2; i++) {
            DefaultMQPushConsumer consumer = stage.consumer(group);
            consumer.setClientRebalance(false);
            consumer.subscribe(topic, "*");
            consumer.registerMessageListener(listener);
            consumer.start();
        }
        List<String> bodies = Stage.bodies("m", 100);
        for (String body : bodies) {
            Stage.ok(producer.send(Stage.message(topic, "t", body, body)));
        }
        inbox.awaitExactly(bodies);
        long retried = times.values().stream().filter(time -> time.get() > 1).count();
        Stage.check(retried >= 10, retried + " messages came again");
        return bodies.size() + " messages, " + retried + " of them again";
    }
}
