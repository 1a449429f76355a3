// Boost Software License 1.0, see LICENSE

package stompchat.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.messaging.MessageDeliveryException;
import org.springframework.messaging.simp.stomp.StompHeaders;

/** What Spring's client sends and gets. It has no transactions. */
class MessagesTest extends SharedServer {
    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1.1", "1.2"})
    @DisplayName("a text and its headers come through until UNSUBSCRIBE")
    void text(String version) throws Exception {
        try (Client client = client().version(version).login("ann").connect(url("ws"))) {
            StompHeaders connected = Client.take(client.connects);
            assertEquals(version, connected.getFirst("version") == null ? "1.0" : connected.getFirst("version"));
            assertEquals("ann", connected.getFirst("user-name"));
            String room = freshRoom();
            Client.Inbox left = client.subscribe(room);
            Client.Inbox stays = client.subscribe(room);
            StompHeaders receipt = client.send(room, "Good morning!", Map.of("content-type", "text/plain", "x-colour", "blue"));
            Client.Frame message = left.take(1).get(0);
            assertEquals("Good morning!", message.text());
            assertTrue(message.headers().getFirst("content-type").startsWith("text/plain"));
            assertEquals("blue", message.headers().getFirst("x-colour"));
            assertEquals("ann", message.headers().getFirst("user"));
            assertEquals(room, message.headers().getDestination());
            assertTrue(message.headers().getMessageId().startsWith(receipt.getFirst("message-id")));
            Client.confirmed(left.subscription.unsubscribe());
            client.send(room, "second");
            assertEquals(List.of("Good morning!", "second"), stays.bodies(2));
            assertTrue(left.messages.isEmpty());
            assertTrue(client.failures.isEmpty());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.0", "1.1", "1.2"})
    @DisplayName("with ack:client an ACK covers everything before it")
    void cumulative(String version) throws Exception {
        try (Client client = connected(version)) {
            String room = freshRoom();
            Client.Inbox inbox = client.subscribe(room, Map.of("ack", "client", "prefetch-count", "3"));
            for (int i = 0; i < 6; ++i) client.send(room, "" + i);
            List<Client.Frame> first = inbox.take(3);
            Thread.sleep(200);
            assertTrue(inbox.messages.isEmpty(), "the window is full");
            client.acknowledge(first.get(2), true);
            assertEquals(List.of("3", "4", "5"), inbox.bodies(3));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.1", "1.2"})
    @DisplayName("with ack:client-individual an ACK or NACK frees one place")
    void individual(String version) throws Exception {
        try (Client client = connected(version)) {
            String room = freshRoom();
            Client.Inbox inbox = client.subscribe(room, Map.of("ack", "client-individual", "prefetch-count", "2"));
            for (int i = 0; i < 4; ++i) client.send(room, "" + i);
            List<Client.Frame> first = inbox.take(2);
            client.acknowledge(first.get(1), true);
            assertEquals(List.of("2"), inbox.bodies(1));
            Thread.sleep(200);
            assertTrue(inbox.messages.isEmpty(), "one place, one message");
            client.acknowledge(first.get(0), false);
            assertEquals(List.of("3"), inbox.bodies(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ws", "wss"})
    @DisplayName("unicode comes through in body, headers, destination and user")
    void unicode(String scheme) throws Exception {
        try (Client client = client().login("Zoë 李 🦊").connect(url(scheme))) {
            String room = freshRoom() + "/Büro ☕ 🚀";
            Client.Inbox inbox = client.subscribe(room);
            String text = "ä\0b — שלום — 你好 — 👩‍👩‍👧\r\nend";
            String note = "colon: backslash\\ line\nfeed\rreturn — 🚀";
            client.send(room, text, Map.of("x-note", note));
            Client.Frame message = inbox.take(1).get(0);
            assertEquals(text, message.text());
            assertEquals(note, message.headers().getFirst("x-note"));
            assertEquals("Zoë 李 🦊", message.headers().getFirst("user"));
            assertEquals(room, message.headers().getDestination());
        }
    }

    @Test
    @DisplayName("octets come through up to the limit of a body, also when the client splits frames")
    void octets() throws Exception {
        for (Integer split : Arrays.asList(null, 16 * 1024)) {
            Client client = client();
            if (split != null) client.stomp.setOutboundMessageSizeLimit(split);
            try (client) {
                client.connect(url("ws"));
                String room = freshRoom();
                Client.Inbox inbox = client.subscribe(room);
                byte[] all = new byte[Client.LIMIT];
                IntStream.range(0, all.length).forEach(i -> all[i] = (byte) i);
                Map<String, String> binary = Map.of("content-type", "application/octet-stream");
                client.send(room, Arrays.copyOf(all, 256), binary);
                client.send(room, new byte[] {0, '\n', 0}, binary);
                client.send(room, all, binary);
                client.send(room, "x".repeat(Client.LIMIT));
                List<Client.Frame> messages = inbox.take(4);
                assertArrayEquals(Arrays.copyOf(all, 256), messages.get(0).octets());
                assertArrayEquals(new byte[] {0, '\n', 0}, messages.get(1).octets());
                assertArrayEquals(all, messages.get(2).octets());
                assertEquals("x".repeat(Client.LIMIT), messages.get(3).text());
            }
        }
    }

    @Test
    @Timeout(30)
    @DisplayName("a cut inside of a character is an ERROR, not a message with another text")
    void cut() throws Exception {
        List<String> outcomes = new ArrayList<>();
        String room = freshRoom();
        // The client cuts octets and makes a text of each piece: one of both has a character of two octets across the end of a piece.
        for (String pad : List.of("", "x")) {
            String text = pad + "ä".repeat(20_000);
            Client client = client();
            client.stomp.setOutboundMessageSizeLimit(16 * 1024);
            try (client; Client observer = connected()) {
                Client.Inbox inbox = observer.subscribe(room);
                client.connect(url("ws")).publish(room, text, Map.of());
                while (client.errors.isEmpty() && inbox.messages.isEmpty()) Thread.sleep(20);
                if (inbox.messages.isEmpty()) outcomes.add("refused");
                else outcomes.add(inbox.bodies(1).get(0).equals(text) ? "unharmed" : "changed");
            }
        }
        assertEquals(List.of("refused", "unharmed"), outcomes.stream().sorted().toList());
    }

    @Test
    @DisplayName("a larger body is an ERROR that names the limit, and the end")
    void tooLarge() throws Exception {
        try (Client client = connected()) {
            try {
                client.publish(freshRoom(), "x".repeat(Client.LIMIT + 1), Map.of());
            }
            catch (MessageDeliveryException refused) {
                // The node need not wait for the end of it.
            }
            Client.Frame error = Client.take(client.errors);
            assertTrue((error.headers().getFirst("message") + error.text()).contains("" + Client.LIMIT));
            assertEquals(1009, Client.take(client.closes).getCode());
        }
    }

    @Test
    @DisplayName("all subscribers see the messages of all senders in one order")
    void order() throws Exception {
        List<Client> clients = new ArrayList<>();
        List<Client.Inbox> inboxes = new ArrayList<>();
        String room = freshRoom();
        for (int i = 0; i < 3; ++i) {
            clients.add(connected());
            inboxes.add(clients.get(i).subscribe(room));
        }
        for (int i = 0; i < 100; ++i)
            for (int sender = 0; sender < 3; ++sender) clients.get(sender).publish(room, sender + ":" + i, Map.of());
        List<String> seen = inboxes.get(0).bodies(300);
        assertEquals(seen, inboxes.get(1).bodies(300));
        assertEquals(seen, inboxes.get(2).bodies(300));
        for (int sender = 0; sender < 3; ++sender) {
            String own = sender + ":";
            assertEquals(IntStream.range(0, 100).mapToObj(i -> own + i).toList(), seen.stream().filter(body -> body.startsWith(own)).toList());
        }
        clients.forEach(Client::close);
    }

    @Test
    @DisplayName("an application answers the sender")
    void application() throws Exception {
        try (Client client = connected()) {
            Client.Inbox replies = client.subscribe("/session/queue/replies");
            client.send("/app/echo", "héllo", Map.of("correlation-id", "c-1"));
            Client.Frame reply = replies.take(1).get(0);
            assertEquals("héllo", reply.text());
            assertEquals("c-1", reply.headers().getFirst("correlation-id"));
        }
    }
}
