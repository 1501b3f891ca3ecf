// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.http.Context;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.jspecify.annotations.Nullable;

/**
 * Sees that a client has gone away while its pictures are drawn: the server itself does not look at a connection whose request is at work. A client
 * that closes its side for writing counts as gone.
 */
final class ClientWatch {
    private final Context ctx;
    private final @Nullable SocketChannel channel;
    private boolean isBusy;

    private ClientWatch(Context ctx, @Nullable SocketChannel channel) {
        this.ctx = ctx;
        this.channel = channel;
    }

    /** Of the connection of a request whose body has been read. */
    static ClientWatch of(Context ctx) {
        Object transport = ServletContextRequest.getServletContextRequest(ctx.req())
                .getConnectionMetaData()
                .getConnection()
                .getEndPoint()
                .getTransport();
        return new ClientWatch(ctx, transport instanceof SocketChannel socket ? socket : null);
    }

    /** Whether nobody waits for the answer any more. */
    boolean isGone() {
        if (channel == null || isBusy) {
            return false;
        }
        try {
            int read = channel.read(ByteBuffer.allocate(1));
            if (read > 0) { // the beginning of a next request, sent too early: it has to be sent again
                isBusy = true;
                ctx.res().setHeader("Connection", "close");
            }
            return read < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
