// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.inception;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.inception.InceptionBlock.Pool;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Pictures to 2048 features: Szegedy et al. (2016), "Rethinking the Inception architecture", without its last layer. */
public final class InceptionV3 extends Model {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "InceptionV3", ModelRole.JUDGE),
            InceptionConfig.DEFAULT,
            InceptionV3::new,
            null);

    /** Numbers of a picture. */
    public static final int FEATURES = 2048;

    /** Height and width of a picture must be at least this. */
    public static final int SMALLEST = 75;

    private final List<InceptionConv> stem = new ArrayList<>();
    private final List<InceptionBlock> blocks = new ArrayList<>();

    /** A network without content. */
    public InceptionV3(InceptionConfig config) {
        super(FAMILY.modelClass(), Records.toMap(config));
        stem.add(child("Conv2d_1a_3x3", InceptionConv.valid(3, 32, 2)));
        stem.add(child("Conv2d_2a_3x3", InceptionConv.valid(32, 32, 1)));
        stem.add(child("Conv2d_2b_3x3", InceptionConv.same(32, 64, 3, 3)));
        stem.add(child("Conv2d_3b_1x1", InceptionConv.point(64, 80)));
        stem.add(child("Conv2d_4a_3x3", InceptionConv.valid(80, 192, 1)));
        Pool mean = config.variant().countsPadding() ? Pool.MEAN : Pool.MEAN_INSIDE;
        blocks.add(child("Mixed_5b", InceptionBlock.a(192, 32, mean)));
        blocks.add(child("Mixed_5c", InceptionBlock.a(256, 64, mean)));
        blocks.add(child("Mixed_5d", InceptionBlock.a(288, 64, mean)));
        blocks.add(child("Mixed_6a", InceptionBlock.b(288)));
        blocks.add(child("Mixed_6b", InceptionBlock.c(768, 128, mean)));
        blocks.add(child("Mixed_6c", InceptionBlock.c(768, 160, mean)));
        blocks.add(child("Mixed_6d", InceptionBlock.c(768, 160, mean)));
        blocks.add(child("Mixed_6e", InceptionBlock.c(768, 192, mean)));
        blocks.add(child("Mixed_7a", InceptionBlock.d(768)));
        blocks.add(child("Mixed_7b", InceptionBlock.e(1280, mean)));
        Pool last = config.variant() == InceptionVariant.FID ? Pool.MAX : mean;
        blocks.add(child("Mixed_7c", InceptionBlock.e(FEATURES, last)));
    }

    /**
     * @param pixels (B, 3, H, W) as the weights expect them, mostly in [−1, 1]; H and W at least {@link #SMALLEST}
     * @return the means over the last 8×8, {@code (B, 2048)}, a new tensor
     */
    public Tensor features(Tensor pixels) {
        return TensorScope.keepResult(() -> {
            Tensor x = pixels;
            for (int i = 0; i < stem.size(); i++) {
                x = stem.get(i).forward(x);
                if (i == 2 || i == 4) {
                    x = Pool.MAX_HALVED.apply(x);
                }
            }
            for (InceptionBlock block : blocks) {
                x = block.forward(x);
            }
            return x.mean(2, 3);
        });
    }

    /** The parts that name classes or helped training, and the counters of batch norm. */
    @Override
    public boolean isIgnored(String fileName) {
        return fileName.startsWith("AuxLogits.")
                || fileName.startsWith("fc.")
                || fileName.endsWith(".num_batches_tracked");
    }
}
