import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageId;
import org.apache.rocketmq.common.message.MessageQueue;

/** Every way to send. */
final class Sending {
    private Sending() {
    }

    /** To a topic that does not exist yet; what comes back names the place where consumers then find the message. */
    static String sync(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        List<String> bodies = Stage.bodies("sync", 200);
        Map<String, SendResult> sent = new HashMap<>();
        for (String body : bodies) {
            Message message = Stage.message(topic, "TagA", "key " + body, body);
            message.putUserProperty("for", body);
            message.setFlag(7);
            sent.put(body, Stage.ok(producer.send(message)));
        }
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        inbox.awaitExactly(bodies);
        for (Inbox.Arrival arrival : inbox.all()) {
            samePlace(arrival, sent.get(arrival.body()));
        }
        Set<Integer> queues = new HashSet<>();
        sent.values().forEach(result -> queues.add(result.getMessageQueue().getQueueId()));
        Stage.same("queues of a topic created by sending", Set.of(0, 1, 2, 3), queues);
        return bodies.size() + " messages over " + queues.size() + " queues";
    }

    private static void samePlace(Inbox.Arrival arrival, SendResult result) throws Exception {
        MessageExt message = arrival.message();
        String body = arrival.body();
        Stage.same("queue of " + body, result.getMessageQueue().getQueueId(), message.getQueueId());
        Stage.same("offset of " + body, result.getQueueOffset(), message.getQueueOffset());
        Stage.same("unique id of " + body, result.getMsgId(), message.getMsgId());
        Stage.same("tag of " + body, "TagA", message.getTags());
        Stage.same("keys of " + body, "key " + body, message.getKeys());
        Stage.same("property of " + body, body, message.getUserProperty("for"));
        Stage.same("flag of " + body, 7, message.getFlag());
        Stage.same("reconsume times of " + body, 0, message.getReconsumeTimes());
        MessageId id = MessageDecoder.decodeMessageId(result.getOffsetMsgId());
        Stage.same("log offset of " + body, id.getOffset(), message.getCommitLogOffset());
        Stage.same("store host of " + body, (InetSocketAddress) id.getAddress(), message.getStoreHost());
        Stage.check(message.getStoreTimestamp() >= message.getBornTimestamp() - 1000, "stored before it was born");
        Stage.check(message.getBornHostString() != null, "no born host");
        Stage.same("broker of " + body, result.getMessageQueue().getBrokerName(), message.getBrokerName());
    }

    static String async(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 8);
        List<String> bodies = Stage.bodies("async", 500);
        CountDownLatch answered = new CountDownLatch(bodies.size());
        Map<String, SendResult> good = new ConcurrentHashMap<>();
        ConcurrentLinkedQueue<Throwable> bad = new ConcurrentLinkedQueue<>();
        for (String body : bodies) {
            producer.send(Stage.message(topic, "async", body, body), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    good.put(body, result);
                    answered.countDown();
                }

                @Override
                public void onException(Throwable wrong) {
                    bad.add(wrong);
                    answered.countDown();
                }
            });
        }
        Stage.check(answered.await(Stage.PATIENCE_MS, TimeUnit.MILLISECONDS), "not all were answered");
        Stage.check(bad.isEmpty(), "failed: " + bad);
        good.values().forEach(Stage::ok);
        Set<String> places = new HashSet<>();
        good.values().forEach(result -> places.add(result.getMessageQueue() + "/" + result.getQueueOffset()));
        Stage.same("different places", bodies.size(), places.size());
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        inbox.awaitExactly(bodies);
        return bodies.size() + " callbacks, each message consumed once";
    }

    static String oneway(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        List<MessageQueue> queues = Stage.create(producer, topic, 4);
        List<String> bodies = Stage.bodies("oneway", 300);
        for (String body : bodies) {
            producer.sendOneway(Stage.message(topic, "oneway", body, body));
        }
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        inbox.awaitExactly(bodies);
        long stored = 0;
        for (MessageQueue queue : queues) {
            stored += producer.maxOffset(queue);
        }
        Stage.same("stored", (long) bodies.size(), stored);
        return bodies.size() + " messages";
    }

    /** A batch goes to one queue, in one piece; each message in it has its own ids, tag and keys. */
    static String batch(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 4);
        List<String> bodies = Stage.bodies("batch", 100);
        List<Message> messages = new ArrayList<>();
        for (String body : bodies) {
            messages.add(Stage.message(topic, "tag-" + body, "key-" + body, body));
        }
        SendResult result = Stage.ok(producer.send(messages));
        Stage.same("offset ids", bodies.size(), result.getOffsetMsgId().split(",").length);
        Stage.same("unique ids", bodies.size(), result.getMsgId().split(",").length);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        inbox.awaitExactly(bodies);
        List<String> unique = Arrays.asList(result.getMsgId().split(","));
        List<String> offset = Arrays.asList(result.getOffsetMsgId().split(","));
        for (int i = 0; i < bodies.size(); i++) {
            MessageExt message = inbox.of(bodies.get(i)).get(0).message();
            Stage.same("queue", result.getMessageQueue().getQueueId(), message.getQueueId());
            Stage.same("offset", result.getQueueOffset() + i, message.getQueueOffset());
            Stage.same("tag", "tag-" + bodies.get(i), message.getTags());
            Stage.same("keys", "key-" + bodies.get(i), message.getKeys());
            Stage.same("unique id", unique.get(i), message.getMsgId());
            MessageId id = MessageDecoder.decodeMessageId(offset.get(i));
            Stage.same("log offset", id.getOffset(), message.getCommitLogOffset());
        }
        return bodies.size() + " messages in one request, at offset " + result.getQueueOffset();
    }

    /** 3 MiB that shrink and 3 MiB that do not, which is as much as a client sends by default. */
    static String large(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 1);
        byte[] smooth = new byte[3 << 20];
        for (int i = 0; i < smooth.length; i++) {
            smooth[i] = (byte) (i / 1000);
        }
        byte[] rough = new byte[3 << 20];
        new Random(1).nextBytes(rough);
        SendResult first = Stage.ok(producer.send(new Message(topic, "smooth", smooth)));
        Stage.ok(producer.send(new Message(topic, "rough", rough)));
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        Stage.await("both messages", () -> inbox.size() >= 2);
        Stage.same("messages", 2, inbox.size());
        for (Inbox.Arrival arrival : inbox.all()) {
            byte[] wanted = arrival.message().getTags().equals("smooth") ? smooth : rough;
            Stage.check(Arrays.equals(wanted, arrival.message().getBody()), "the body was changed");
        }
        MessageExt viewed = producer.viewMessage(topic, first.getOffsetMsgId());
        Stage.check(Arrays.equals(smooth, viewed.getBody()), "the body looked up by id is another one");
        Stage.check(viewed.getStoreSize() < smooth.length / 10, "stored size " + viewed.getStoreSize());
        return "2 x 3 MiB, one of them stored in " + viewed.getStoreSize() + " bytes";
    }

    static String compression(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        List<String> bodies = new ArrayList<>();
        for (CompressionType type : CompressionType.values()) {
            producer.setCompressType(type);
            String body = (type + " ").repeat(5000);
            bodies.add(body);
            Stage.ok(producer.send(Stage.message(topic, type.name(), "", body)));
        }
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        inbox.awaitExactly(bodies);
        return Arrays.toString(CompressionType.values());
    }

    /** What a broker must refuse, and with which code; it serves on afterwards. */
    static String illegal(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 1);
        producer.setMaxMessageSize(16 << 20);
        producer.setCompressMsgBodyOverHowmuch(16 << 20);
        Stage.same("code for 5 MiB", 13, refusal(producer, new Message(topic, new byte[5 << 20])));
        Message wide = new Message(topic, "x".getBytes(StandardCharsets.UTF_8));
        wide.putUserProperty("wide", "w".repeat(40_000));
        Stage.same("code for 40 kB of properties", 13, refusal(producer, wide));
        Stage.ok(producer.send(Stage.message(topic, "", "", "fine")));
        return "too large a body and too many properties are refused with code 13";
    }

    private static int refusal(DefaultMQProducer producer, Message message) throws Exception {
        try {
            SendResult result = producer.send(message);
            throw new AssertionError("accepted: " + result);
        } catch (MQBrokerException refused) {
            return refused.getResponseCode();
        }
    }

    static String unicode(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 1);
        Message message = new Message(topic, "größe-标签", "ключ-🔑", "Grüße, 世界 🌍\u0000\u0007".getBytes(
            StandardCharsets.UTF_8));
        message.putUserProperty("größe", "9 µm");
        message.putUserProperty("键", "值 🎈 \n\t\"'\\{}");
        Stage.ok(producer.send(message));
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer consumer = stage.consumer(stage.name("group"));
        consumer.subscribe(topic, "größe-标签");
        consumer.registerMessageListener(inbox.concurrently());
        consumer.start();
        Stage.await("the message", () -> inbox.size() >= 1);
        MessageExt got = inbox.all().get(0).message();
        Stage.same("body", "Grüße, 世界 🌍\u0000\u0007", inbox.all().get(0).body());
        Stage.same("tag", "größe-标签", got.getTags());
        Stage.same("keys", "ключ-🔑", got.getKeys());
        Stage.same("property", "9 µm", got.getUserProperty("größe"));
        Stage.same("property", "值 🎈 \n\t\"'\\{}", got.getUserProperty("键"));
        Stage.same("found by key", 1, Querying.search(producer, topic, "ключ-🔑", 1).size());
        return "body, tag, keys and properties in six scripts";
    }
}
