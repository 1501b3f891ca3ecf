// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;

/** How many connections may be open. While there are as many, those go that say nothing for a second, also those that have only just come. */
final class ConnectionRoom extends NetworkConnectionLimit {
    private static final long PATIENCE = 1_000;

    private final Server server;

    ConnectionRoom(int most, Server server) {
        super(most, server);
        this.server = server;
        setEndPointIdleTimeout(PATIENCE);
    }

    /** What Jetty does then misses connections that are on their way in, which would be left in peace for a minute. */
    @Override
    protected void limit() {
        super.limit();
        lookAgain();
    }

    private void lookAgain() {
        server.getScheduler().schedule(this::look, PATIENCE, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (getNetworkConnectionCount() + getPendingNetworkConnectionCount() < getMaxNetworkConnectionCount()) {
            return;
        }
        for (Connector connector : server.getConnectors()) {
            connector.getConnectedEndPoints().forEach(each -> each.setIdleTimeout(PATIENCE));
        }
        lookAgain();
    }
}
