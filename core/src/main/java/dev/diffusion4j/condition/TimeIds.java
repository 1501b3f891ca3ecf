// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;
import java.util.List;

/**
 * The numbers beside a prompt that Stable Diffusion XL was trained with, Podell et al. (2023): a picture's size before it was made smaller,
 * height first, where it was cut, and its size, or how beautiful people found it.
 *
 * @param with for the prompt
 * @param away for what pictures are guided away from; as many
 */
public record TimeIds(List<Double> with, List<Double> away) {
    public TimeIds {
        with = List.copyOf(with);
        away = List.copyOf(away);
        Check.that(with.size() == away.size(), "there must be as many time ids for the prompt as for the negative one");
    }

    /** A whole picture of its own size: diffusers' default. */
    public static TimeIds ofSize(SampleSize size) {
        double h = size.height();
        double w = size.width();
        List<Double> ids = List.of(h, w, 0.0, 0.0, h, w);
        return new TimeIds(ids, ids);
    }

    /** With diffusers' defaults of the scores. */
    public static TimeIds ofScore(SampleSize size) {
        return ofScore(size, 6, 2.5);
    }

    /** A whole picture with a score in place of its size, which the refiner takes. */
    public static TimeIds ofScore(SampleSize size, double with, double away) {
        double h = size.height();
        double w = size.width();
        return new TimeIds(List.of(h, w, 0.0, 0.0, with), List.of(h, w, 0.0, 0.0, away));
    }
}
