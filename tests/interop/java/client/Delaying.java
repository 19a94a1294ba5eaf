import java.util.ArrayList;
import java.util.List;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/** Messages that wait in the broker. */
final class Delaying {
    private Delaying() {
    }

    /** Levels 1 to 3 (1 s, 5 s, 10 s): never before their time, and all of them. */
    static String delay(Stage stage) throws Exception {
        String topic = stage.name("topic");
        DefaultMQProducer producer = stage.producer();
        Stage.create(producer, topic, 2);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        long[] seconds = {0, 1, 5, 10};
        List<String> bodies = new ArrayList<>();
        long before = System.currentTimeMillis();
        for (int level = 0; level < seconds.length; level++) {
            for (int i = 0; i < 10; i++) {
                String body = level + "-" + i;
                bodies.add(body);
                Message message = Stage.message(topic, "level", body, body);
                message.setDelayTimeLevel(level);
                Stage.ok(producer.send(message));
            }
        }
        inbox.awaitExactly(bodies);
        long latest = 0;
        for (Inbox.Arrival arrival : inbox.all()) {
            int level = arrival.body().charAt(0) - '0';
            long waited = arrival.at() - arrival.message().getBornTimestamp();
            // The broker counts from when it stored the message and looks at whole milliseconds.
            Stage.check(waited >= seconds[level] * 1000 - 1, arrival.body() + " came after " + waited + " ms");
            Stage.same("topic", topic, arrival.message().getTopic());
            Stage.same("keys", arrival.body(), arrival.message().getKeys());
            Stage.same("level", level, arrival.message().getDelayTimeLevel());
            latest = Math.max(latest, waited - seconds[level] * 1000);
        }
        return bodies.size() + " messages, the slowest " + latest + " ms late, in "
            + (System.currentTimeMillis() - before) + " ms";
    }
}
