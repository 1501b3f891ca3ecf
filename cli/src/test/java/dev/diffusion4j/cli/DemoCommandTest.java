// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.scheduler.SchedulerKind;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One command packs a model, one starts what was packed, and an example of the page is drawn. */
class DemoCommandTest {
    private static final String MODEL = "../core/src/test/resources/golden/tiny-pipeline";
    private static final int[] WISH = {0xBB, 0x22, 0x66};

    @TempDir
    Path folder;

    private final HttpClient http = HttpClient.newHttpClient();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "2 | demo pack --model # --guide nothing --out @/demo | --guide must be one of color, brightness, contrast, saturation, sharpness, symmetry, clip, but was 'nothing'",
                "2 | demo pack --model # --guide clip --out @/demo | the --guide clip needs a CLIP: name its folder by --clip-model",
                "2 | demo pack --model # --out @ | --out @ is not empty: name a new one, or empty it",
                "1 | demo start @ | @ is no demo: it has no demo.json; pack one first",
                "1 | demo start @/none | there is no folder @/none"
            })
    void what_is_wrong_is_said_in_one_line(int code, String call, String line) throws IOException {
        Files.writeString(folder.resolve("mine"), "mine");
        String[] words =
                call.replace("@", folder.toString()).replace("#", MODEL).split(" ");
        Command.Outcome result = Command.run(words);
        assertThat(result.err().strip())
                .isEqualTo("diffuse: " + line.replace("@", folder.toString()).replace("#", MODEL));
        assertThat(result.code()).isEqualTo(code);
        assertThat(Command.tree(folder)).containsExactly(" /", "mine 4");
    }

    @Test
    void no_model_is_no_demo() {
        Command.Outcome result = Command.run("demo", "pack", "--model", folder.toString(), "--out", folder + "/demo");
        assertThat(result.code()).isEqualTo(ExitCodes.FAILURE);
        assertThat(result.err()).contains("model_index.json");
        assertThat(folder.resolve("demo")).doesNotExist();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "start.sh is a shell script")
    void a_packed_demo_is_started_by_its_script_and_draws_an_example() throws Exception {
        TinyModels.save(folder.resolve("model"), SchedulerKind.DDPM, Map.of("in_channels", 3L, "out_channels", 3L));
        Path demo = folder.resolve("a demo");
        Command.Outcome packed =
                Command.run("demo", "pack", "--model", folder.resolve("model").toString(), "--out", demo.toString());
        assertThat(packed.err()).isEmpty();
        assertThat(packed.code()).isZero();
        Process process = new ProcessBuilder("sh", demo.resolve("start.sh").toString(), "--port", "0", "--no-open")
                .redirectError(folder.resolve("err.txt").toFile())
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String line = out.readLine();
            assertThat(line)
                    .as(Files.readString(folder.resolve("err.txt")))
                    .startsWith("the demo is at http://127.0.0.1:");
            URI address = URI.create(line.substring(line.indexOf("http")));
            double plain = distance(draw(address, "[]"));
            assertThat(demo.resolve("test.jpeg")).isNotEmptyFile();
            double pushed = distance(draw(address, "[\"color=#BB2266:3,strength=source\"]"));
            assertThat(pushed).isLessThan(0.8 * plain);
            BufferedImage file = ImageIO.read(demo.resolve("test.jpeg").toFile());
            assertThat(distance(file)).isLessThan(0.9 * plain);
        } finally {
            process.destroy();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isZero();
    }

    private String send(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), BodyHandlers.ofString()).body();
    }

    /** As the page asks for it. */
    private BufferedImage draw(URI address, String guides) throws Exception {
        String body = "{\"model\": \"demo\", \"scheduler\": \"ddim\", \"guides\": " + guides
                + ", \"request\": {\"canvas\": {\"seed\": 5}, \"sampling\": {\"steps\": 40}}}";
        URI jobs = address.resolve("/api/v1/jobs");
        Map<String, Object> job =
                Json.parseObject(send(HttpRequest.newBuilder(jobs).POST(BodyPublishers.ofString(body))), "job");
        assertThat(job).containsKey("id");
        URI mine = address.resolve("/api/v1/jobs/" + job.get("id"));
        String events = send(HttpRequest.newBuilder(URI.create(mine + "/events"))); // until it is over
        assertThat(events).contains("event: done");
        byte[] picture = http.send(
                        HttpRequest.newBuilder(URI.create(mine + "/pictures/0")).build(), BodyHandlers.ofByteArray())
                .body();
        return ImageIO.read(new ByteArrayInputStream(picture));
    }

    /** Mean difference of the channels from the wish, 0 to 255. */
    private static double distance(BufferedImage image) {
        double sum = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                for (int channel = 0; channel < 3; channel++) {
                    sum += Math.abs((image.getRGB(x, y) >> (16 - 8 * channel) & 255) - WISH[channel]);
                }
            }
        }
        return sum / (3.0 * image.getWidth() * image.getHeight());
    }
}
