import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.rocketmq.broker.BrokerController;
import org.apache.rocketmq.broker.BrokerStartup;
import org.apache.rocketmq.namesrv.NamesrvController;
import org.apache.rocketmq.namesrv.NamesrvStartup;

/**
 * Apache's name server and brokers in one JVM, so that a test pays for one start only.
 *
 * <p>Usage: {@code ApacheServers READY_FILE BROKER_CONF NAMESRV_CONF [BROKER_CONF...]}. A name server that is told
 * enableControllerInNamesrv=true is a controller too. READY_FILE appears once the first broker is registered and
 * all are started. The process also ends when its standard input does, so that it never outlives the test.
 */
public final class ApacheServers {
    private ApacheServers() {
    }

    public static void main(String[] args) throws Exception {
        Path ready = Path.of(args[0]);
        NamesrvController namesrv = NamesrvStartup.main0(new String[] {"-c", args[2]});
        NamesrvStartup.controllerManagerMain();
        BrokerController broker = broker(args[1]);
        for (int i = 3; i < args.length; i++) {
            broker(args[i]);
        }
        // The registration that a start waits for may time out on a busy machine; the next one comes by itself.
        while (namesrv.getRouteInfoManager().pickupTopicRouteData("TBW102") == null) {
            broker.registerBrokerAll(true, false, true);
            Thread.sleep(50);
        }
        Path partial = ready.resolveSibling(ready.getFileName() + ".partial");
        Files.write(partial, List.of("ready"));
        if (!partial.toFile().renameTo(new File(ready.toString()))) {
            System.exit(1);
        }
        while (System.in.read() >= 0) {
            continue;
        }
        System.exit(0);
    }

    private static BrokerController broker(String config) {
        BrokerController broker = BrokerStartup.createBrokerController(new String[] {"-c", config});
        if (BrokerStartup.start(broker) == null) {
            System.exit(1);
        }
        return broker;
    }
}
