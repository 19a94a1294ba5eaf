import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What applications rely on, checked with the published Java client against any name server.
 *
 * <p>Usage: {@code Checks NAMESRV [-j N] [NAME...]}; without names all checks run, N at a time. Each prints one line,
 * {@code ok NAME ...} or {@code FAIL NAME what was wrong}; the exit code is 1 if one failed. {@code Checks list} names
 * them all but for those that need a broker with users. Every check uses topics and groups of its own, so that they can run side by side and repeatedly.
 */
public final class Checks {
    /** One check: returns what it saw, throws what was wrong. */
    interface Check {
        String run(Stage stage) throws Exception;
    }

    private static final Map<String, Check> ALL = new LinkedHashMap<>();

    static {
        ALL.put("sync", Sending::sync);
        ALL.put("async", Sending::async);
        ALL.put("oneway", Sending::oneway);
        ALL.put("batch", Sending::batch);
        ALL.put("large", Sending::large);
        ALL.put("compression", Sending::compression);
        ALL.put("illegal", Sending::illegal);
        ALL.put("unicode", Sending::unicode);
        ALL.put("delay", Delaying::delay);
        ALL.put("timed", Timing::deliver);
        ALL.put("timed-illegal", Timing::illegal);
        ALL.put("timed-recall", Timing::recall);
        ALL.put("transaction", Transacting::transaction);
        ALL.put("concurrent", Consuming::concurrent);
        ALL.put("sql", Filtering::expression);
        ALL.put("sql-refused", Filtering::refused);
        ALL.put("resume", Consuming::resume);
        ALL.put("from-last", Consuming::fromLast);
        ALL.put("long-poll", Consuming::longPoll);
        ALL.put("ordered", Ordering::ordered);
        ALL.put("orderly-suspend", Ordering::suspend);
        ALL.put("orderly-handover", Ordering::handover);
        ALL.put("broadcast", Sharing::broadcast);
        ALL.put("rebalance", Sharing::rebalance);
        ALL.put("retry", Retrying::retry);
        ALL.put("orderly-dlq", Retrying::orderlyDeadLetter);
        ALL.put("request", Replying::requests);
        ALL.put("pop", Popping::requests);
        ALL.put("pop-long-poll", Popping::longPoll);
        ALL.put("pop-ordered", Popping::ordered);
        ALL.put("pop-push", Popping::push);
        ALL.put("lite-subscribe", LitePulling::subscribe);
        ALL.put("lite-assign", LitePulling::assign);
        ALL.put("offsets", Querying::offsets);
        ALL.put("query-key", Querying::byKey);
        ALL.put("query-unique", Querying::byUniqueId);
        ALL.put("query-offset-id", Querying::byOffsetId);
    }

    /** Those that need a broker that checks users; see {@link Securing}. */
    private static final Map<String, Check> SECURED = new LinkedHashMap<>();

    static {
        SECURED.put("acl-unsigned", Securing::unsigned);
        SECURED.put("acl-permitted", Securing::permitted);
        SECURED.put("acl-forbidden", Securing::forbidden);
    }

    private Checks() {
    }

    public static void main(String[] args) throws Exception {
        if (args[0].equals("list")) {
            ALL.keySet().forEach(System.out::println);
            return;
        }
        List<String> names = new ArrayList<>(Arrays.asList(args).subList(1, args.length));
        int atOnce = 1;
        if (names.size() > 1 && names.get(0).equals("-j")) {
            atOnce = Integer.parseInt(names.get(1));
            names = names.subList(2, names.size());
        }
        ExecutorService pool = Executors.newFixedThreadPool(atOnce);
        List<Future<Boolean>> results = new ArrayList<>();
        for (String name : names.isEmpty() ? ALL.keySet() : names) {
            Check check = ALL.getOrDefault(name, SECURED.get(name));
            if (check == null) {
                System.err.println("no check is called " + name);
                System.exit(2);
            }
            results.add(pool.submit(() -> passes(args[0], name, check)));
        }
        boolean good = true;
        for (Future<Boolean> result : results) {
            good &= result.get();
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean passes(String namesrv, String name, Check check) {
        long start = System.nanoTime();
        try (Stage stage = new Stage(namesrv, name)) {
            String seen = check.run(stage);
            say("ok " + name + " " + seen + " (" + (System.nanoTime() - start) / 1_000_000 + " ms)");
            return true;
        } catch (Throwable wrong) {
            say("FAIL " + name + " " + wrong);
            wrong.printStackTrace();
            return false;
        }
    }

    private static synchronized void say(String line) {
        System.out.println(line.replace('\n', ' '));
    }
}
