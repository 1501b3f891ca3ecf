// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.CropRegion;
import dev.diffusion4j.image.MaskedOverlay;
import dev.diffusion4j.image.PictureFile;
import dev.diffusion4j.image.PictureFit;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.request.Inputs;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The region of a picture around the white of its mask, which alone is drawn: diffusers' {@code padding_mask_crop}.
 *
 * @param picture the whole picture
 * @param mask of the same size
 * @param region of both
 */
record MaskCrop(BufferedImage picture, BufferedImage mask, CropRegion region) {

    /**
     * @param size of the pictures that are drawn
     * @return {@code null} where whole pictures are drawn
     * @throws Problem where a file cannot be read, the two are of different sizes, or the mask is black
     */
    static @Nullable MaskCrop of(Inputs inputs, SampleSize size) {
        if (inputs.maskPadding() == null) {
            return null;
        }
        String pictureFile = Check.given(inputs.picture(), "{picture}");
        String maskFile = Check.given(inputs.mask(), "{mask}");
        BufferedImage picture = PictureFile.read(Path.of(pictureFile));
        BufferedImage mask = PictureFile.read(Path.of(maskFile));
        if (picture.getWidth() != mask.getWidth() || picture.getHeight() != mask.getHeight()) {
            throw Problem.request("{mask} " + maskFile + " is " + mask.getWidth() + "x" + mask.getHeight()
                    + " and {picture} " + pictureFile + " is " + picture.getWidth() + "x" + picture.getHeight()
                    + ": with {maskPadding} both must be of the same size");
        }
        try {
            MaskCrop crop = new MaskCrop(
                    picture, mask, CropRegion.around(mask, size.width(), size.height(), inputs.maskPadding()));
            crop.shown(mask, size);
            return crop;
        } catch (IllegalArgumentException e) {
            throw Problem.request("{mask} " + maskFile + " cannot be used with {maskPadding}: " + e.getMessage());
        }
    }

    /** The region of a picture in the size that is drawn. */
    BufferedImage shown(BufferedImage image, SampleSize size) {
        return PictureFit.fill(region.of(image), size.width(), size.height());
    }

    /** The whole picture with what was drawn of the region. */
    BufferedImage whole(BufferedImage drawn) {
        return MaskedOverlay.of(picture, mask, drawn, region);
    }
}
