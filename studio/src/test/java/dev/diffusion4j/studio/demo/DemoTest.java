// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.hub.HubProgress;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is packed, what is refused, and what a page of a demo may do. */
class DemoTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");

    @TempDir
    Path here;

    private final Path model = GOLDEN.resolve("tiny-pipeline");
    private Path folder;
    private List<Path> program;

    @BeforeEach
    void prepare() throws IOException {
        folder = here.resolve("demo");
        Files.createDirectories(here.resolve("classes/a"));
        Files.writeString(here.resolve("classes/a/B.class"), "B");
        Files.writeString(here.resolve("library.jar"), "jar");
        program = List.of(here.resolve("classes"), here.resolve("library.jar"), here.resolve("none.jar"));
    }

    private static HttpResponse<String> get(Demo demo, String path, String... headers) {
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(demo.address().resolve(path));
            if (headers.length > 0) {
                request.headers(headers);
            }
            return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_folder_has_all_that_is_needed() throws IOException {
        DemoConfig made = DemoPack.write(model, DemoGuide.COLOR, null, program, folder, HubProgress.SILENT);
        assertThat(made).isEqualTo(DemoConfig.read(folder));
        assertThat(made.takes()).isEqualTo("nothing");
        assertThat(folder.resolve("model/unet/diffusion_pytorch_model.safetensors"))
                .hasSameBinaryContentAs(model.resolve("unet/diffusion_pytorch_model.safetensors"));
        assertThat(folder.resolve("lib/library.jar")).hasContent("jar");
        try (JarFile jar = new JarFile(folder.resolve("lib/classes-1.jar").toFile())) {
            assertThat(jar.getEntry("a/B.class")).isNotNull();
        }
        assertThat(folder.resolve("start.sh")).isExecutable();
        assertThat(Files.readString(folder.resolve("start.cmd"))).contains("\r\n");
        assertThat(folder.resolve("Dockerfile"))
                .content()
                .contains("start.sh")
                .contains("EXPOSE 7860")
                .containsSubsequence("install -d -o 1000 -g 1000 /demo", "WORKDIR /demo", "USER 1000:1000");
        assertThat(folder.resolve("README.md"))
                .content()
                .startsWith("---\ntitle: \"tiny-pipeline\"\n")
                .contains("\nsdk: docker\napp_port: 7860\n");
        assertThat(folder.resolve(".gitattributes")).content().contains("*.jar filter=lfs");
        assertThatThrownBy(() -> DemoPack.write(model, DemoGuide.COLOR, null, program, folder, HubProgress.SILENT))
                .hasMessageContaining("is not empty");
    }

    @Test
    void the_page_is_the_courses() throws IOException {
        DemoPack.write(model, DemoGuide.COLOR, null, program, folder, HubProgress.SILENT);
        try (Demo demo = Demo.start(folder, "127.0.0.1", 0)) {
            HttpResponse<String> page = get(demo, "/");
            assertThat(page.body()).contains("id=\"result-label\">result<");
            assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("default-src 'none'")
                    .contains("frame-ancestors 'self' https://huggingface.co");
            assertThat(get(demo, "/demo.json").body().replaceAll("\\s", ""))
                    .contains("\"guide\":\"color\"")
                    .contains("\"start\":{\"value\":\"#55FFAA\",\"guidance_scale\":3.0}")
                    .contains(
                            "{\"value\":\"#BB2266\",\"guidance_scale\":3.0},{\"value\":\"#44CCAA\",\"guidance_scale\":5.0}")
                    .doesNotContain(folder.toString());
            assertThat(get(demo, "/demo.js").body()).contains("slider(\"guidance_scale\", 0, 30");
            assertThat(get(demo, "/test.jpeg").statusCode()).isEqualTo(404);
            assertThat(get(demo, "/model/model_index.json").statusCode()).isEqualTo(404);
            assertThat(get(demo, "/", "Origin", "https://elsewhere.example").statusCode())
                    .isEqualTo(403);
        }
    }

    @Test
    void a_model_of_words_is_asked_for_words_and_a_clip_is_packed_too() throws IOException {
        assertThat(DemoPack.write(
                                GOLDEN.resolve("tiny-sd"),
                                DemoGuide.SATURATION,
                                null,
                                program,
                                folder,
                                HubProgress.SILENT)
                        .takes())
                .isEqualTo("prompt");
        Path said = here.resolve("said");
        assertThatThrownBy(() -> DemoPack.write(model, DemoGuide.CLIP, null, program, said, HubProgress.SILENT))
                .hasMessageContaining("needs a CLIP");
        assertThatThrownBy(() -> DemoPack.write(model, DemoGuide.COLOR, model, program, said, HubProgress.SILENT))
                .hasMessageContaining("clipModel is for the guide clip");
        assertThat(said).doesNotExist();
    }

    @Test
    void what_cannot_be_packed_or_started_is_said_before_anything_is_made() throws IOException {
        assertThatThrownBy(() -> DemoPack.write(here, DemoGuide.COLOR, null, program, folder, HubProgress.SILENT))
                .isInstanceOf(Problem.class);
        assertThatThrownBy(() -> DemoPack.write(model, DemoGuide.SATURATION, null, program, folder, HubProgress.SILENT))
                .hasMessageContaining("saturation");
        assertThatThrownBy(() -> DemoPack.checkRoom(folder, 700_000_000, 12_000_000))
                .hasMessage("there is no room for the demo in " + folder + ": it takes 700 MB, and 12 MB are free");
        assertThat(folder).doesNotExist();
        assertThatThrownBy(() -> Demo.start(here, "127.0.0.1", 0))
                .hasMessage(here + " is no demo: it has no demo.json; pack one first");
        assertThatThrownBy(() -> Demo.start(folder, "127.0.0.1", 0)).hasMessage("there is no folder " + folder);
        assertThatThrownBy(() -> DemoGuide.of("colour")).hasMessageContaining("did you mean 'color'?");
    }

    @Test
    void as_a_space_it_goes_by_any_name() throws Exception {
        DemoPack.write(model, DemoGuide.COLOR, null, program, folder, HubProgress.SILENT);
        try (Demo demo = Demo.start(folder, "0.0.0.0", 0)) {
            assertThat(head(demo, "me-colours.hf.space")).startsWith("HTTP/1.1 200");
        }
        try (Demo demo = Demo.start(folder, "127.0.0.1", 0)) {
            assertThat(head(demo, "me-colours.hf.space")).startsWith("HTTP/1.1 403");
        }
    }

    /** The answer's first line to a request with another host's name, which Java's client does not send. */
    private static String head(Demo demo, String host) throws IOException {
        URI address = demo.address();
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", address.getPort())) {
            socket.getOutputStream()
                    .write(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
        }
    }
}
