// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Mean distance of all pixels to a colour, taken in [−1, 1] as the course does it: Hugging Face diffusion course, unit 2.
 *
 * @param red in [0, 1]
 * @param green in [0, 1]
 * @param blue in [0, 1]
 */
public record ColourLoss(double red, double green, double blue) implements GuidanceLoss {
    private static final Pattern HEX = Pattern.compile("#?([0-9a-fA-F]{6})");

    public ColourLoss {
        Check.inRange(red, 0, 1, "red");
        Check.inRange(green, 0, 1, "green");
        Check.inRange(blue, 0, 1, "blue");
    }

    /** From {@code #RRGGBB}. */
    public static ColourLoss parse(String text) {
        var matcher = HEX.matcher(text.strip());
        Check.that(matcher.matches(), "'" + text + "' is no colour: write it as #RRGGBB, #55FFAA for example");
        int rgb = Integer.parseInt(matcher.group(1).toLowerCase(Locale.ROOT), 16);
        return new ColourLoss((rgb >> 16 & 0xff) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
    }

    @Override
    public void checkChannels(int channels) {
        Check.that(
                channels == 1 || channels == 3,
                "needs pictures of 3 channels, or of a grey one, but this network draws " + channels);
    }

    /** A grey picture is drawn towards the mean of the colour's parts. */
    @Override
    public Optional<String> notice(int channels) {
        boolean isGrey = red == green && green == blue;
        return channels > 1 || isGrey
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "this network draws grey pictures: they go to the colour's mean, %.2f",
                        (red + green + blue) / 3));
    }

    @Override
    public Tensor perImage(Tensor pictures) {
        return TensorScope.keepResult(() -> {
            Tensor colour = pictures.size(1) == 1
                    ? Tensors.ofDoubles((red + green + blue) / 3).view(1, 1, 1, 1)
                    : Tensors.ofDoubles(red, green, blue).view(1, 3, 1, 1);
            return pictures.sub(colour).mul(new Scalar(2.0)).abs().mean(1, 2, 3);
        });
    }
}
