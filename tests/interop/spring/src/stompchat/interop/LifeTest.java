// Boost Software License 1.0, see LICENSE

package stompchat.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.messaging.simp.stomp.ConnectionLostException;

/** How connections of Spring's client live and end. */
class LifeTest extends SharedServer {
    private static final int BEATS = 15; // seconds for which a quiet connection is watched

    @Test
    @DisplayName("heart-beats keep a quiet connection alive")
    void heartBeats() throws Exception {
        try (Client client = client().heartBeat(1000, 1000).connect(url("ws"))) {
            assertEquals("1000,1000", Client.take(client.connects).getFirst("heart-beat"));
            String room = freshRoom();
            Client.Inbox inbox = client.subscribe(room);
            TimeUnit.SECONDS.sleep(BEATS);
            assertTrue(client.closes.isEmpty() && client.failures.isEmpty() && client.errors.isEmpty());
            client.send(room, "still there");
            assertEquals(List.of("still there"), inbox.bodies(1));
        }
    }

    @Test
    @DisplayName("a client that falls silent is told so and let go")
    void silentClient() throws Exception {
        try (Client client = client().mute().heartBeat(1000, 0).connect(url("ws"))) {
            long begin = System.nanoTime();
            Client.take(client.errors);
            Client.take(client.closes);
            long silence = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            assertTrue(silence > 1500 && silence < 8000, "after " + silence + " ms");
        }
    }

    @Test
    @DisplayName("the client gives up a node that hangs")
    void silentNode() throws Exception {
        try (Server node = Server.plain()) {
            Client client = client().heartBeat(0, 1000).connect(node.url("ws"));
            node.pause();
            client.lost();
        }
    }

    @Test
    @DisplayName("a SEND to nowhere is an ERROR that names the SEND, and the end")
    void nowhere() throws Exception {
        try (Client client = connected()) {
            String receipt = client.publish("/nowhere/x", "x", Map.of()).getReceiptId();
            Client.Frame error = Client.take(client.errors);
            assertEquals(receipt, error.headers().getReceiptId());
            assertTrue(!error.headers().getFirst("message").isEmpty());
            assertEquals(1008, Client.take(client.closes).getCode());
            client.lost();
        }
    }

    @Test
    @DisplayName("a login that is refused is an ERROR, and the end")
    void refused() throws Exception {
        try (Client client = client().login("anonymous-root")) {
            assertThrows(ConnectionLostException.class, () -> client.connect(url("ws")));
            assertTrue(!Client.take(client.errors).headers().getFirst("message").isEmpty());
        }
    }

    @Test
    @DisplayName("an application connects again to a node that was killed and started again")
    void again() throws Exception {
        String room = freshRoom();
        String url;
        String address;
        try (Server node = Server.plain(); Client client = client().connect(node.url("ws"))) {
            url = node.url("ws");
            address = node.address();
            Client.Inbox inbox = client.subscribe(room);
            client.send(room, "before");
            assertEquals(List.of("before"), inbox.bodies(1));
            node.kill();
            client.lost();
        }
        assertThrows(Exception.class, () -> client().connect(url));
        try (Server node = new Server(1, "--listen", address); Client client = client().connect(url)) {
            Client.Inbox inbox = client.subscribe(room);
            client.send(room, "after");
            assertEquals(List.of("after"), inbox.bodies(1));
            assertEquals(0, node.stop());
            // A node that stops in order says 1012, of which Tomcat makes 1002: it knows only the codes of RFC 6455 itself.
            assertEquals(1002, Client.take(client.closes).getCode());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v10.stomp", "v11.stomp", "v12.stomp"})
    @DisplayName("a subprotocol is answered when one is asked for")
    void subprotocol(String name) throws Exception {
        // Tomcat fails the handshake when it is answered one that it did not offer.
        try (Client client = client().subprotocols(name).connect(url("ws"))) {
            client.send(freshRoom(), "x");
        }
    }
}
