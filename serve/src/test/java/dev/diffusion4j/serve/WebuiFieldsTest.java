// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.pipeline.request.Inputs;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebuiFieldsTest {
    private static final WebuiFields FIELDS = new WebuiFields(
            new ModelNames(() -> Set.of("tiny"), Map.of()), new Adapters(null, ServerExtension.NONE), Limits.DEFAULT);
    /** All black. */
    private static final String PICTURE = Base64.getEncoder()
            .encodeToString(PictureForm.PNG.bytes(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), Map.of()));

    private static Inputs read(String more, Uploads.Batch files) {
        String body = "{\"init_images\":[\"" + PICTURE + "\"],\"mask\":\"" + PICTURE + "\"," + more + "}";
        return FIELDS.read(Fields.ofJson(body), "tiny", files).drawing().inputs();
    }

    @ParameterizedTest
    @CsvSource({"true, true", "1, true", "1.0, true", "false, false", "0, false", "null, false"})
    void a_switch_of_the_mask_is_a_boolean_or_a_number(String sent, boolean isOn) throws IOException {
        try (Uploads uploads = new Uploads();
                Uploads.Batch files = uploads.batch()) {
            Inputs inputs = read("\"inpainting_mask_invert\":" + sent + ",\"inpaint_full_res\":" + sent, files);
            BufferedImage mask =
                    ImageIO.read(Path.of(Objects.requireNonNull(inputs.mask())).toFile());
            assertThat(mask.getRGB(3, 3) & 0xffffff).isEqualTo(isOn ? 0xffffff : 0);
            assertThat(inputs.maskPadding()).isEqualTo(isOn ? 0 : null);
        }
    }

    @Test
    void another_switch_is_refused_by_its_name() {
        try (Uploads uploads = new Uploads();
                Uploads.Batch files = uploads.batch()) {
            assertThatExceptionOfType(Refusal.class)
                    .isThrownBy(() -> read("\"inpaint_full_res\":\"yes\"", files))
                    .withMessageContaining("\"inpaint_full_res\" must be true or false");
        }
    }
}
