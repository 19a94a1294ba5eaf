import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Transactions. The broker should check after a second or so, or this takes long. */
final class Transacting {
    private Transacting() {
    }

    /**
     * The body says what happens: what the local transaction answers, then what the check-backs answer in turn
     * ({@code c}ommit, {@code r}oll back, {@code u}nknown, {@code x} an exception).
     */
    private record Script(Map<String, AtomicInteger> checks) implements TransactionListener {
        @Override
        public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
            return at(text(message), 0);
        }

        @Override
        public LocalTransactionState checkLocalTransaction(MessageExt message) {
            String body = text(message);
            int time = checks.computeIfAbsent(body, any -> new AtomicInteger()).incrementAndGet();
            return at(body, time);
        }

        private static String text(Message message) {
            return new String(message.getBody(), StandardCharsets.UTF_8);
        }

        private static LocalTransactionState at(String body, int step) {
            return switch (body.charAt(Math.min(step, body.indexOf('-') - 1))) {
                case 'c' -> LocalTransactionState.COMMIT_MESSAGE;
                case 'r' -> LocalTransactionState.ROLLBACK_MESSAGE;
                case 'x' -> throw new IllegalStateException("a listener that fails");
                default -> LocalTransactionState.UNKNOW;
            };
        }
    }

    static String transaction(Stage stage) throws Exception {
        String topic = stage.name("topic");
        Script script = new Script(new ConcurrentHashMap<>());
        TransactionMQProducer producer = stage.transactional();
        producer.setTransactionListener(script);
        stage.start(producer);
        Stage.create(producer, topic, 4);
        Inbox inbox = new Inbox();
        stage.consumer(stage.name("group"), topic, inbox);
        List<String> committed = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            for (String fate : List.of("c", "r", "uc", "ur", "uuc", "xc")) {
                String body = fate + "-" + i;
                TransactionSendResult result =
                    producer.sendMessageInTransaction(Stage.message(topic, "tx", "key-" + body, body), null);
                Stage.ok(result);
                if (fate.endsWith("c")) {
                    committed.add(body);
                }
            }
        }
        inbox.awaitAll(committed);
        Stage.await(() -> "check-backs, so far " + script.checks, () -> checked(script, "ur", 1) == 10);
        inbox.exactly(committed);
        for (Inbox.Arrival arrival : inbox.all()) {
            Stage.same("topic", topic, arrival.message().getTopic());
            Stage.same("keys", "key-" + arrival.body(), arrival.message().getKeys());
            Stage.check(arrival.message().getTransactionId() != null, "no transaction id");
        }
        Stage.same("settled at once but checked", 0, checked(script, "c", 1) + checked(script, "r", 1));
        Stage.same("checked twice", 10, checked(script, "uuc", 2));
        return committed.size() + " committed, 20 rolled back, "
            + script.checks.values().stream().mapToInt(AtomicInteger::get).sum() + " check-backs";
    }

    private static int checked(Script script, String fate, int atLeast) {
        int count = 0;
        for (int i = 0; i < 10; i++) {
            AtomicInteger times = script.checks.get(fate + "-" + i);
            count += times != null && times.get() >= atLeast ? 1 : 0;
        }
        return count;
    }
}
