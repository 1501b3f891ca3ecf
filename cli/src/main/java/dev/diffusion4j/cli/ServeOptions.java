// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.serve.ApiKeys;
import dev.diffusion4j.serve.Limits;
import dev.diffusion4j.serve.ServerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a server listens, and for whom. */
final class ServeOptions {
    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description =
                    "Where to listen; default: ${DEFAULT-VALUE}, which only this machine reaches. Others, 0.0.0.0 for all, need --api-key-file or --insecure.")
    String host = ServerConfig.DEFAULT.host();

    @Option(names = "--port", paramLabel = "N", description = "Default: ${DEFAULT-VALUE}; 0 for one that is free.")
    int port = ServerConfig.DEFAULT.port();

    @Option(
            names = "--public-url",
            paramLabel = "URL",
            description =
                    "How clients reach it where that is not as it listens, behind a proxy for example: https://pictures.example.org. Addresses of "
                            + "pictures begin with it, and it may be called by that name.")
    @Nullable
    String publicUrl;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = "Ask callers for one of the keys in this file, one a line, as Authorization: Bearer KEY.")
    @Nullable
    Path keyFile;

    @Option(names = "--insecure", description = "Let whoever reaches the port draw, without a key.")
    boolean insecure;

    @Option(
            names = "--alias",
            paramLabel = "NAME=MODEL",
            description = "Another name of a model, for clients that ask for dall-e-3. May be given again.")
    Map<String, String> aliases = new LinkedHashMap<>();

    @Option(
            names = "--cors",
            paramLabel = "ORIGIN",
            description =
                    "Let pages of this origin call, https://example.org for example, or those of all: '*'. May be given again.")
    List<String> cors = new ArrayList<>();

    @Option(names = "--lora-dir", paramLabel = "DIR", description = "The folder of the LoRAs that requests may name.")
    @Nullable
    Path loraDir;

    ServerConfig config(Limits ofRequests) {
        ApiKeys keys = keyFile == null ? ApiKeys.NONE : ApiKeys.read(keyFile);
        return ServerConfig.DEFAULT.with(c -> {
            c.host = host;
            c.port = port;
            c.publicUrl = publicUrl;
            c.keys = keys;
            c.insecure = insecure;
            c.aliases = aliases;
            c.cors = cors;
            c.loraDir = loraDir;
            c.limits = ofRequests;
        });
    }

    /** As it stands in an address. */
    String hostText() {
        return host.contains(":") ? "[" + host + "]" : host;
    }
}
