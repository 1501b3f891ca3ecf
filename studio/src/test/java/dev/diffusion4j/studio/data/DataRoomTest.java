// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.studio.Studio;
import dev.diffusion4j.studio.StudioConfig;
import dev.diffusion4j.studio.Visitor;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures are looked at, described, added and checked; what is sent is not believed. */
class DataRoomTest {
    private static final String API = "/studio/api/data";
    private static final String SOURCE = "folder:pets";
    private static final String EVIL = "<img src=x onerror=alert(1)>";

    @TempDir
    Path home;

    private Studio studio;
    private Visitor visitor;

    private static byte[] picture(Color colour) throws IOException {
        BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(colour);
        graphics.fillOval(4, 4, 20, 20);
        graphics.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, "png", out);
        return out.toByteArray();
    }

    @BeforeEach
    void start() throws IOException {
        for (String kind : List.of("cats", "dogs")) {
            Files.createDirectories(home.resolve("pets").resolve(kind));
        }
        Files.write(home.resolve("pets/cats/one.png"), picture(Color.RED));
        Files.write(home.resolve("pets/cats/twin.png"), picture(Color.RED));
        Files.writeString(home.resolve("pets/dogs/broken.png"), "no picture");
        Files.write(home.resolve("pets/dogs/two.png"), picture(Color.GREEN));
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(home.resolve("pets"));
        }));
        visitor = new Visitor(studio);
    }

    @AfterEach
    void stop() {
        studio.close();
    }

    private Map<String, Object> pictures() {
        return visitor.get(API + "/pictures" + Visitor.query("source", SOURCE)).json();
    }

    private Visitor.Answer add(String name, String kind, byte[] bytes) {
        return visitor.post(API + "/add" + Visitor.query("source", SOURCE, "name", name, "class", kind), bytes);
    }

    @Test
    void a_set_says_what_is_in_it_and_pictures_are_shown_as_they_are_and_as_they_are_learnt() throws IOException {
        Map<String, Object> set = pictures();
        assertThat(set.get("size")).isEqualTo(4L);
        assertThat(set.get("classes")).isEqualTo(List.of(List.of("cats", 2L), List.of("dogs", 2L)));
        byte[] small = visitor.get(API + "/picture" + Visitor.query("source", SOURCE, "index", "0", "side", "20"))
                .bytes();
        assertThat(ImageIO.read(new java.io.ByteArrayInputStream(small)).getWidth())
                .isEqualTo(20);
        byte[] learnt = visitor.get(API + "/prepared"
                        + Visitor.query(
                                "source", SOURCE, "index", "0", "size", "16", "resize", "crop", "channels", "1"))
                .bytes();
        BufferedImage grey = ImageIO.read(new java.io.ByteArrayInputStream(learnt));
        assertThat(grey.getWidth()).isEqualTo(16);
        assertThat(new Color(grey.getRGB(6, 8)).getRed()).isEqualTo(new Color(grey.getRGB(6, 8)).getBlue());
        assertThat(visitor.get(API + "/picture" + Visitor.query("source", SOURCE, "index", "2"))
                        .status())
                .isEqualTo(422);
        assertThat(visitor.get(API + "/sets").text()).contains("folder:pets", "digits");
    }

    @Test
    void broken_files_and_duplicates_are_found() throws InterruptedException {
        Map<String, Object> result = checked(SOURCE);
        assertThat(String.valueOf(result.get("broken"))).contains("dogs/broken.png");
        List<?> groups = (List<?>) result.get("duplicates");
        assertThat(Json.object(groups.get(0))).containsEntry("is_exact", true);
        assertThat(String.valueOf(groups.get(0))).contains("cats/one.png", "cats/twin.png");
    }

    private Map<String, Object> checked(String source) throws InterruptedException {
        String check = API + "/check" + Visitor.query("source", source);
        Map<String, Object> result = visitor.post(check, Map.of()).json();
        while (result.get("state").equals("running")) {
            Thread.sleep(50);
            result = visitor.get(check).json();
        }
        return result;
    }

    @Test
    void a_check_of_what_is_gone_ends_with_its_reason() throws InterruptedException {
        assertThat(checked("folder:pets/gone")).containsEntry("state", "failed");
    }

    @Test
    void a_caption_is_written_as_it_is_and_only_of_a_picture_that_is_there() {
        assertThat(visitor.post(API + "/caption", Map.of("source", SOURCE, "name", "cats/one.png", "caption", EVIL))
                        .status())
                .isEqualTo(200);
        assertThat(String.valueOf(pictures().get("items"))).contains(EVIL);
        for (String name : List.of("../secret.png", "cats/none.png", "/etc/passwd")) {
            assertThat(visitor.post(API + "/caption", Map.of("source", SOURCE, "name", name, "caption", "x"))
                            .status())
                    .as(name)
                    .isEqualTo(404);
        }
        assertThat(visitor.post(API + "/caption", Map.of("source", "digits", "name", "1", "caption", "x"))
                        .status())
                .isEqualTo(400);
        for (String source :
                List.of("folder:..", "folder:/etc", "folder:pets/../..", "parquet:/etc", "mnist", "idx:/etc")) {
            assertThat(visitor.get(API + "/pictures" + Visitor.query("source", source))
                            .status())
                    .as(source)
                    .isEqualTo(404);
        }
    }

    @Test
    void an_added_picture_gets_a_harmless_name_and_replaces_nothing() throws IOException {
        byte[] blue = picture(Color.BLUE);
        assertThat(add("../../" + EVIL + ".png", "", blue).json().get("name"))
                .isEqualTo("_img src_x onerror_alert_1__.png");
        assertThat(add("one.png", "cats", blue).json()).containsEntry("name", "cats/one-2.png");
        assertThat(Files.readAllBytes(home.resolve("pets/cats/one.png"))).isEqualTo(picture(Color.RED));
        assertThat(add("a.png", "../../up", blue).status()).isIn(400, 404);
        assertThat(add("a.png", "", "<svg onload=alert(1)>".getBytes(java.nio.charset.StandardCharsets.UTF_8))
                        .status())
                .isEqualTo(422);
        Visitor.Answer bomb = add("bomb.png", "", bomb());
        assertThat(bomb.status()).isEqualTo(422);
        assertThat(bomb.text()).contains("million pixels");
        assertThat(home.resolve("pets")).isDirectoryNotContaining("glob:**bomb*");
        assertThat(home.resolve("a.png")).doesNotExist();
        assertThat(add("a.png", "birds", new byte[] {1, 2}).status()).isEqualTo(422);
        assertThat(home.resolve("pets/birds")).doesNotExist();
    }

    /** A PNG whose few bytes claim 60000×60000 pixels. */
    private static byte[] bomb() throws IOException {
        byte[] bytes = picture(Color.RED);
        ByteBuffer file = ByteBuffer.wrap(bytes);
        file.putInt(16, 60_000).putInt(20, 60_000);
        CRC32 crc = new CRC32();
        crc.update(bytes, 12, 17);
        file.putInt(29, (int) crc.getValue());
        return bytes;
    }
}
