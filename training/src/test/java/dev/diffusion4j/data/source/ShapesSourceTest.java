// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.Split;
import dev.diffusion4j.data.drawn.ShapeScene;
import dev.diffusion4j.data.transform.Resampler;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShapesSourceTest {
    @Test
    void a_caption_says_what_is_seen() {
        ShapesSource shapes = new ShapesSource(Split.TRAIN, 64, 0);
        Set<String> captions = new HashSet<>();
        for (int i = 0; i < 3000; i++) {
            ShapeScene scene = shapes.scene(i);
            Example example = shapes.example(i);
            assertThat(example.caption())
                    .matches("a (small|medium|large) \\w+ \\w+ on a (dark|grey|light) background")
                    .contains(
                            shapes.classNames().get(example.label()),
                            scene.paint().key());
            captions.add(String.valueOf(example.caption()));
            // the ring is empty in the middle, all others show their colour there
            int middle = colour(example.image(), scene.x(), scene.y());
            boolean painted = near(middle, scene.paint().rgb);
            assertThat(painted).as(example.caption()).isEqualTo(scene.form() != ShapeScene.Form.RING);
        }
        assertThat(captions).hasSizeGreaterThan(400);
    }

    @Test
    void a_scene_is_the_same_at_each_size() {
        PixelImage large = new ShapesSource(Split.TEST, 128, 0).example(7).image();
        PixelImage small = new ShapesSource(Split.TEST, 32, 0).example(7).image();
        PixelImage shrunk = new Resampler().resize(large, 0, 0, 128, 128, 32, 32);
        long difference = 0;
        for (int i = 0; i < small.pixels().length; i++) {
            difference += Math.abs((small.pixels()[i] & 0xff) - (shrunk.pixels()[i] & 0xff));
        }
        assertThat((double) difference / small.pixels().length).isLessThan(3);
    }

    private static int colour(PixelImage image, double x, double y) {
        int px = (int) (x * image.width());
        int py = (int) (y * image.height());
        return image.level(px, py, 0) << 16 | image.level(px, py, 1) << 8 | image.level(px, py, 2);
    }

    private static boolean near(int a, int b) {
        int worst = 0;
        for (int shift = 0; shift < 24; shift += 8) {
            worst = Math.max(worst, Math.abs((a >> shift & 0xff) - (b >> shift & 0xff)));
        }
        return worst < 32;
    }
}
