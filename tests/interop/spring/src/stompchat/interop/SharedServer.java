// Boost Software License 1.0, see LICENSE

package stompchat.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The server that the tests of a class share. */
abstract class SharedServer {
    private static final AtomicInteger rooms = new AtomicInteger();
    private static Server server;
    private static SSLContext trust;

    @BeforeAll
    static void start() throws Exception {
        List<String> files = Server.makeCertificate();
        server = new Server(2, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", files.get(0), "--tls-key", files.get(1),
                "--max-body", "1MiB", "--output-queue", "2MiB");
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream cert = Files.newInputStream(Path.of(files.get(0)))) {
            store.setCertificateEntry("server", CertificateFactory.getInstance("X.509").generateCertificate(cert));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        trust = SSLContext.getInstance("TLS");
        trust.init(null, managers.getTrustManagers(), null);
    }

    @AfterAll
    static void stop() throws Exception {
        assertEquals(0, server.stop());
    }

    static String url(String scheme) {
        return server.url(scheme);
    }

    static Client client() {
        return new Client().trusting(trust);
    }

    static Client connected(String version) throws Exception {
        return client().version(version).connect(url("ws"));
    }

    static Client connected() throws Exception {
        return client().connect(url("ws"));
    }

    static String freshRoom() {
        return "/topic/test-" + rooms.incrementAndGet();
    }
}
