// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.serve.ApiKeys;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a studio shows, and where it listens.
 *
 * @param folders that it may look into, and writes to: the first one where nothing else is said
 * @param modelsDir a further one, with models; {@code null} for none
 * @param host the address of this machine that it listens on
 * @param port 0 for any that is free
 * @param keys of those who may enter from other machines
 * @param command how the command {@code diffuse} is called, word by word, for trainings, which are processes of their own; empty where they cannot be
 *     started
 */
public record StudioConfig(
        List<Path> folders, @Nullable Path modelsDir, String host, int port, ApiKeys keys, List<String> command) {
    /** The folder where one is, for this machine alone. */
    public static final StudioConfig DEFAULT =
            new StudioConfig(List.of(Path.of("")), null, "127.0.0.1", 7860, ApiKeys.NONE, List.of());

    /** @throws Problem (a wrong request) where other machines would reach it and there are no keys */
    public StudioConfig {
        folders = List.copyOf(folders);
        command = List.copyOf(command);
        if (keys.isEmpty() && !isLoopback(host)) {
            throw Problem.request("{host} " + host
                    + " can be reached from other machines: give the keys of those who may enter with {apiKeyFile}");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw Problem.request(
                    "{host} must be an address of this machine, but '" + host + "' is none that is known");
        }
    }

    /** All that are opened. */
    List<Path> opened() {
        List<Path> all = new ArrayList<>(folders);
        if (modelsDir != null) {
            all.add(modelsDir);
        }
        return all;
    }

    /** {@code StudioConfig.DEFAULT.with(c -> c.port = 0)}: the result is checked anew. */
    public StudioConfig with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return new StudioConfig(draft.folders, draft.modelsDir, draft.host, draft.port, draft.keys, draft.command);
    }

    /** The values on their way to other ones; checked when they are done. */
    public static final class Draft {
        public List<Path> folders;
        public @Nullable Path modelsDir;
        public String host;
        public int port;
        public ApiKeys keys;
        public List<String> command;

        private Draft(StudioConfig from) {
            folders = from.folders;
            modelsDir = from.modelsDir;
            host = from.host;
            port = from.port;
            keys = from.keys;
            command = from.command;
        }
    }
}
