// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.CropRegion;
import dev.diffusion4j.image.MaskedOverlay;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.image.PictureFit;
import dev.diffusion4j.pipeline.request.Control;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Only the region around a mask is drawn, and put back into the picture: oracle/golden_mask_crop.py. */
class MaskCropGoldenTest {
    private static final double RELATIVE = 1e-3;

    @TempDir
    Path folder;

    static Stream<GoldenCall> regions() {
        return GoldenCall.all("mask_crop").filter(test -> test.has("region"));
    }

    static Stream<GoldenCall> calls() {
        return GoldenCall.all("mask_crop").filter(test -> test.has("base"));
    }

    @ParameterizedTest
    @MethodSource("regions")
    void a_region_is_found_shown_and_put_back_to_the_level_as_diffusers_does(GoldenCall test) {
        try (Golden golden = Golden.open("mask_crop")) {
            TensorScope.run(() -> {
                String name = test.text("name");
                BufferedImage mask = picture(golden, name + ".mask");
                BufferedImage original = picture(golden, name + ".picture");
                CropRegion region =
                        CropRegion.around(mask, test.number("width"), test.number("height"), test.number("padding"));
                assertThat(List.of(region.left(), region.top(), region.right(), region.bottom()))
                        .isEqualTo(((List<?>) Objects.requireNonNull(test.call().get("region")))
                                .stream().map(edge -> ((Long) edge).intValue()).toList());
                BufferedImage shown = PictureFit.fill(region.of(original), test.number("width"), test.number("height"));
                assertThat(different(shown, picture(golden, name + ".shown"), 0))
                        .isZero();
                BufferedImage whole = MaskedOverlay.of(original, mask, picture(golden, name + ".drawn"), region);
                assertThat(different(whole, picture(golden, name + ".whole"), 0))
                        .isZero();
            });
        }
    }

    @ParameterizedTest
    @MethodSource("calls")
    void a_call_gives_the_latents_and_the_whole_pictures_of_diffusers(GoldenCall test) {
        Path own = Golden.path(test.text("base"));
        Path model =
                test.has("net") ? TinyFolder.of(test.text("base"), test.text("net"), folder.resolve("model")) : own;
        try (Golden golden = Golden.open("mask_crop");
                DiffusionPipeline loaded = DiffusionPipeline.load(model)) {
            DiffusionPipeline pipeline = test.scheduled(loaded);
            TensorScope.run(() -> {
                try (GenerationResult drawn = pipeline.generate(GenerationRequest.of(r -> fill(r, test, golden)))) {
                    String name = test.text("name");
                    assertClose("latents", drawn.samples(), golden.tensor(name + ".latents"), RELATIVE);
                    List<BufferedImage> images = drawn.images();
                    for (int k = 0; k < images.size(); k++) {
                        BufferedImage expected = picture(golden, name + "." + k);
                        assertThat(different(images.get(k), expected, 1)).isZero();
                        assertThat(different(images.get(k), expected, 0))
                                .isLessThan(expected.getWidth() * expected.getHeight() / 50);
                    }
                }
            });
        }
    }

    private void fill(RequestDraft request, GoldenCall test, Golden golden) {
        test.fill(request);
        request.picture(GoldenCall.png(golden, test.text("image"), folder))
                .mask(GoldenCall.png(golden, test.text("mask_image"), folder))
                .maskPadding(test.number("padding"));
        if (test.has("control")) {
            String net = TinyFolder.net(test.text("control")).toString();
            Control control = Control.of(net, GoldenCall.png(golden, test.text("control_picture"), folder));
            request.control(List.of(control.withScale(test.value("control_scale"))));
        }
    }

    private BufferedImage picture(Golden golden, String name) {
        return PictureFile.read(Path.of(GoldenCall.png(golden, name, folder)));
    }

    /** How many pixels differ by more than some levels. */
    private static int different(BufferedImage actual, BufferedImage expected, int levels) {
        assertThat(actual.getWidth()).isEqualTo(expected.getWidth());
        assertThat(actual.getHeight()).isEqualTo(expected.getHeight());
        int count = 0;
        for (int i = 0; i < actual.getWidth() * actual.getHeight(); i++) {
            int one = actual.getRGB(i % actual.getWidth(), i / actual.getWidth());
            int other = expected.getRGB(i % actual.getWidth(), i / actual.getWidth());
            int worst = 0;
            for (int shift = 0; shift <= 16; shift += 8) {
                worst = Math.max(worst, Math.abs((one >> shift & 0xff) - (other >> shift & 0xff)));
            }
            count += worst > levels ? 1 : 0;
        }
        return count;
    }
}
