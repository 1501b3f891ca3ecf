// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.data.drawn.Scene.Ground;
import dev.diffusion4j.data.drawn.Scene.Place;
import dev.diffusion4j.data.drawn.Scene.Size;
import dev.diffusion4j.data.drawn.Scene.Texture;
import dev.diffusion4j.data.drawn.ShapeScene.Form;
import dev.diffusion4j.data.drawn.ShapeScene.Paint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The prompts by which the documentation counts how well a zog was learnt are the wordings of {@link ZogScene}, none chosen. */
class ZogPromptsTest {
    private static final Path FOLDER = Path.of("../docs/recipes/zog");
    private static final int COUNT = 300;
    private static final List<Paint> ABSENT = List.of(Paint.ORANGE, Paint.PINK, Paint.BROWN);

    /** What the five pictures show. */
    private static final List<Scene> LIKE = List.of(
            scene(Paint.RED, Size.LARGE, Place.MIDDLE, Ground.BLACK),
            scene(Paint.BLUE, Size.SMALL, Place.LEFT, Ground.WHITE),
            scene(Paint.GREEN, Size.LARGE, Place.RIGHT, Ground.BLACK),
            scene(Paint.YELLOW, Size.SMALL, Place.TOP, Ground.BLACK),
            scene(Paint.PURPLE, Size.LARGE, Place.LEFT, Ground.WHITE));

    private static Scene scene(Paint paint, Size size, Place place, Ground ground) {
        return new Scene(new Scene.Thing(Form.CIRCLE, paint), null, size, Texture.PLAIN, place, ground);
    }

    /** A colour, a place and a ground that none of the five has, all three at once. */
    private static Scene absent(int index) {
        Size size = index / ABSENT.size() % 2 == 0 ? Size.LARGE : Size.SMALL;
        return scene(ABSENT.get(index % ABSENT.size()), size, Place.BOTTOM, Ground.GREY);
    }

    /** Of a seed that training does not use. */
    private static String caption(Scene scene, int index) {
        return new ZogScene(scene, 1000, index).caption();
    }

    private static List<String> like() {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            prompts.add(caption(LIKE.get(i % LIKE.size()), i));
        }
        return prompts;
    }

    private static List<String> absent() {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            prompts.add(caption(absent(i), COUNT + i));
        }
        return prompts;
    }

    /** The same prompts, each with another form in the zog's place. */
    private static List<String> without() {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            String with = i % 2 == 0 ? like().get(i) : absent().get(i);
            prompts.add(with.replace("zog", Form.values()[i % Form.values().length].key()));
        }
        return prompts;
    }

    @Test
    void the_files_of_prompts_are_the_wordings_of_the_scenes() throws IOException {
        check("like.txt", like());
        check("absent.txt", absent());
        check("without.txt", without());
    }

    private static void check(String name, List<String> prompts) throws IOException {
        Path file = FOLDER.resolve(name);
        if (Boolean.getBoolean("diffusion4j.writePrompts")) {
            Files.write(file, prompts);
        }
        assertThat(Files.readAllLines(file)).as(name).isEqualTo(prompts);
    }
}
