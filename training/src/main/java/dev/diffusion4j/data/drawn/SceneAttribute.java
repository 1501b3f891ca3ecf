// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.drawn.ShapeScene.Form;
import dev.diffusion4j.data.drawn.ShapeScene.Paint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;

/** What can be asked of a scene, each with its answers: the classes of {@code scenes}, one attribute at a time. */
public enum SceneAttribute implements Keyed {
    FORM("form", Form.values(), scene -> scene.thing().form().ordinal()),
    COLOUR("colour", Paint.values(), scene -> scene.thing().paint().ordinal()),
    SIZE("size", Scene.Size.values(), scene -> scene.size().ordinal()),
    TEXTURE("texture", Scene.Texture.values(), scene -> scene.texture().ordinal()),
    PLACE("place", Scene.Place.values(), scene -> scene.place().ordinal()),
    GROUND("ground", Scene.Ground.values(), scene -> scene.ground().ordinal()),
    /** The form of the second thing; {@code none} first. */
    OTHER_FORM("other_form", Form.values(), scene -> {
        Scene.Thing other = scene.other();
        return other == null ? -1 : other.form().ordinal();
    }),
    /** The colour of the second thing; {@code none} first. */
    OTHER_COLOUR("other_colour", Paint.values(), scene -> {
        Scene.Thing other = scene.other();
        return other == null ? -1 : other.paint().ordinal();
    });

    private final String key;
    private final List<String> classes;
    private final ToIntFunction<Scene> answer;

    SceneAttribute(String key, Keyed[] answers, ToIntFunction<Scene> answer) {
        this.key = key;
        this.answer = answer;
        List<String> names = new ArrayList<>();
        if (key.startsWith("other")) {
            names.add("none");
        }
        Arrays.stream(answers).map(Keyed::key).forEach(names::add);
        this.classes = List.copyOf(names);
    }

    @Override
    public String key() {
        return key;
    }

    /** The answers, in the order of their numbers. */
    public List<String> classes() {
        return classes;
    }

    /**
     * Whether the scene's caption speaks of it: of size and texture where there is one thing, of the second thing where there are two.
     */
    public boolean isSaidOf(Scene scene) {
        return switch (this) {
            case SIZE, TEXTURE -> scene.other() == null;
            case OTHER_FORM, OTHER_COLOUR -> scene.other() != null;
            default -> true;
        };
    }

    /** The number of the scene's answer. */
    public int of(Scene scene) {
        return answer.applyAsInt(scene) + (classes.get(0).equals("none") ? 1 : 0);
    }
}
