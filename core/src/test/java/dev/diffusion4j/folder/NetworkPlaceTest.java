// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.hub.HubClient;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.hub.HubServer;
import dev.diffusion4j.hub.HubSettings;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.autoencoder.AutoencoderTiny;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that joins a pipeline, on the Hub: by itself, or as a part of another pipeline. */
class NetworkPlaceTest {
    private static final HubRepo REPO = HubRepo.model("ada/vae");
    private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
    private static final List<ModelFamily> VAES = List.of(AutoencoderKl.FAMILY, AutoencoderTiny.FAMILY);

    @TempDir
    Path home;

    private final Map<String, byte[]> files = new HashMap<>();

    private void put(Path folder, String as) throws IOException {
        for (String name : List.of("config.json", WEIGHTS)) {
            files.put(as + name, Files.readAllBytes(folder.resolve(name)));
        }
    }

    private Path fetch() throws IOException {
        try (HubServer server = new HubServer()) {
            server.commit(REPO, files);
            HubClient client = new HubClient(HubSettings.of(Map.of("HF_ENDPOINT", server.endpoint()), home));
            return NetworkPlace.fetch(REPO, VAES, null, client);
        }
    }

    @Test
    void a_network_s_own_repository_is_fetched() throws IOException {
        put(Golden.path("tiny-places/vae-tiny"), "");
        files.put("diffusion_pytorch_model.bin", new byte[2000]);
        Path folder = fetch();
        assertThat(folder.resolve(WEIGHTS)).exists();
        assertThat(folder.resolve("diffusion_pytorch_model.bin")).doesNotExist();
        assertThat(NetworkPlace.network(folder, VAES).family()).isEqualTo(AutoencoderTiny.FAMILY);
    }

    @Test
    void of_a_pipeline_s_repository_the_part_alone_is_fetched() throws IOException {
        put(Golden.path("tiny-sd/vae"), "vae/");
        put(Golden.path("tiny-sd/unet"), "unet/");
        Path folder = fetch();
        assertThat(folder.resolve(WEIGHTS)).exists();
        assertThat(folder.resolveSibling("unet")).doesNotExist();
        assertThat(NetworkPlace.network(folder, VAES).family()).isEqualTo(AutoencoderKl.FAMILY);
    }

    @Test
    void a_repository_of_something_else_is_refused_before_its_weights_are_fetched() throws IOException {
        put(Golden.path("tiny-sd/unet"), "");
        assertThatThrownBy(this::fetch)
                .hasMessageContaining(
                        "is of the class UNet2DConditionModel, but must be of AutoencoderKL or AutoencoderTiny");
    }

    @Test
    void a_repository_without_a_network_says_what_was_looked_for() {
        files.put("README.md", new byte[10]);
        assertThatThrownBy(this::fetch)
                .hasMessage("ada/vae on the Hub is no such network: it has neither config.json nor vae/config.json");
    }
}
