import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;

/** Messages with a delivery time of their own. */
final class Timing {
    private static final int RECALL_MESSAGE = 370;

    private Timing() {
    }

    private static Message timed(String topic, String body, long seconds, long millis, long deliver) {
        Message message = Stage.message(topic, "timed", body, body);
        if (seconds > 0) {
            message.setDelayTimeSec(seconds);
        } else if (millis > 0) {
            message.setDelayTimeMs(millis);
        } else {
            message.setDeliverTimeMs(deliver);
        }
        return message;
    }

    /** By seconds, by milliseconds, at a time: never before it, and not much later. */
    static String deliver(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        long now = System.currentTimeMillis();
        Map<String, Long> due = new HashMap<>();
        for (int i = 0; i < 10; i++) {
            due.put("s-" + i, now + 2000);
            Stage.ok(producer.send(timed(topic, "s-" + i, 2, 0, 0)));
            due.put("m-" + i, now + 3500);
            Stage.ok(producer.send(timed(topic, "m-" + i, 0, 3500, 0)));
            due.put("d-" + i, now + 5250);
            Stage.ok(producer.send(timed(topic, "d-" + i, 0, 0, now + 5250)));
        }
        due.put("past", now);
        Stage.ok(producer.send(timed(topic, "past", 0, 0, now - 1000)));
        inbox.awaitExactly(due.keySet());
        long latest = 0;
        for (Inbox.Arrival arrival : inbox.all()) {
            long late = arrival.message().getStoreTimestamp() - due.get(arrival.body());
            Stage.check(late >= 0, arrival.body() + " came " + -late + " ms before its time");
            Stage.same("topic", topic, arrival.message().getTopic());
            Stage.same("keys", arrival.body(), arrival.message().getKeys());
            boolean waited = !arrival.body().equals("past");
            Stage.same("real topic", waited ? topic : null, arrival.message().getProperty("REAL_TOPIC"));
            for (String name : List.of("TIMER_OUT_MS", "TIMER_ENQUEUE_MS", "TIMER_DEQUEUE_MS")) {
                Stage.same(name + " of " + arrival.body(), waited, arrival.message().getProperty(name) != null);
            }
            latest = Math.max(latest, late);
        }
        Stage.check(latest < 30_000, "a message came " + latest + " ms late");
        return due.size() + " messages, the slowest " + latest + " ms late";
    }

    /** A delay over three days is refused, with the same words. */
    static String illegal(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = Stage.create(producer, topic, 1).get(0);
        List<String> seen = new ArrayList<>();
        for (String[] property : new String[][] {
            {"TIMER_DELAY_SEC", "259201"}, {"TIMER_DELAY_MS", "soon"}, {"TIMER_DELIVER_MS", "99999999999999"}}) {
            Message message = Stage.message(topic, "timed", "k", "x");
            message.putUserProperty("a", "b");
            message.getProperties().put(property[0], property[1]);
            try {
                producer.send(message, queue);
                throw new AssertionError(property[0] + "=" + property[1] + " is taken");
            } catch (MQBrokerException refused) {
                Stage.same("code", 13, refused.getResponseCode());
                String wanted = "timer message illegal, the delay time should not be bigger than the max delay "
                    + "259200000ms; or if set del msg, the delay time should be bigger than the current time";
                Stage.check(refused.getErrorMessage().startsWith(wanted), refused.getErrorMessage());
                seen.add(property[0]);
            }
        }
        return String.join(" ", seen);
    }

    /** A message that is recalled does not come; its neighbour does. */
    static String recall(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        MessageQueue queue = Stage.create(producer, topic, 1).get(0);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        long due = System.currentTimeMillis() + 4000;
        SendResult recalled = Stage.ok(producer.send(timed(topic, "recalled", 0, 0, due), queue));
        Stage.ok(producer.send(timed(topic, "kept", 0, 0, due), queue));
        // The handle that later clients find in the answer to a send.
        long step = (due - 1) / 1000 * 1000 + 1;
        String handle = String.join(" ", "v1", topic, queue.getBrokerName(), "" + step, recalled.getMsgId());
        RemotingCommand answer = recall(producer, topic, handle, queue);
        Stage.same("answer to a recall, " + answer.getRemark(), 0, answer.getCode());
        Stage.same("recalled", recalled.getMsgId(), answer.getExtFields().get("msgId"));
        Stage.same("a recall of nothing", 604, recall(producer, topic, "nothing", queue).getCode());
        Stage.ok(producer.send(timed(topic, "later", 0, 0, due + 1500), queue));
        inbox.awaitExactly(List.of("kept", "later"));
        return "one of three";
    }

    private static RemotingCommand recall(DefaultMQProducer producer, String topic, String handle, MessageQueue queue)
        throws Exception {
        RemotingCommand request = RemotingCommand.createRequestCommand(RECALL_MESSAGE, null);
        Map<String, String> fields = new HashMap<>();
        fields.put("producerGroup", producer.getProducerGroup());
        fields.put("topic", topic);
        fields.put("recallHandle",
            Base64.getUrlEncoder().encodeToString(handle.getBytes(StandardCharsets.UTF_8)));
        request.setExtFields(new HashMap<>(fields));
        var factory = producer.getDefaultMQProducerImpl().getMqClientFactory();
        String broker = factory.findBrokerAddressInPublish(queue.getBrokerName());
        return factory.getMQClientAPIImpl().getRemotingClient().invokeSync(broker, request, 10_000);
    }
}
