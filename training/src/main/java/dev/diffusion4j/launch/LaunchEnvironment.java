// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;

/** What the processes of one attempt are given: torchrun's variables, and a port on which they meet. */
final class LaunchEnvironment {
    private final LaunchPlan plan;
    private final int restart;
    private final int port;

    /**
     * @param restart how often all were started before
     * @throws Problem (a wrong request) where the port is in use
     */
    LaunchEnvironment(LaunchPlan plan, int restart) {
        this.plan = plan;
        this.restart = restart;
        this.port = plan.masterPort() == 0 ? freePort() : checked(plan.masterPort());
    }

    /** Adds to {@code all}, which holds what this process has, what one of its children has beside. */
    void addTo(Map<String, String> all, int rank) {
        String size = String.valueOf(plan.processes());
        all.put("RANK", String.valueOf(rank));
        all.put("LOCAL_RANK", String.valueOf(rank));
        all.put("WORLD_SIZE", size);
        all.put("LOCAL_WORLD_SIZE", size);
        all.put("MASTER_ADDR", "127.0.0.1");
        all.put("MASTER_PORT", String.valueOf(port));
        all.put("TORCHELASTIC_RESTART_COUNT", String.valueOf(restart));
        all.put("TORCHELASTIC_MAX_RESTARTS", String.valueOf(plan.restarts()));
        all.remove("TORCHELASTIC_USE_AGENT_STORE"); // rank 0 holds it
        int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / plan.processes());
        all.putIfAbsent("OMP_NUM_THREADS", String.valueOf(threads));
        all.put(LauncherWatch.VARIABLE, String.valueOf(ProcessHandle.current().pid()));
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw Problem.failure("no port of this machine is free: " + e.getMessage(), e);
        }
    }

    private static int checked(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true); // connections of an earlier attempt linger, though nobody listens
            socket.bind(new InetSocketAddress(port));
            return port;
        } catch (IOException e) {
            throw Problem.request("masterPort", port, "be free on this machine (" + e.getMessage() + ")");
        }
    }
}
