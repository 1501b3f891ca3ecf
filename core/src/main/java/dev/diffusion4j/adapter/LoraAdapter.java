// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.model.Model;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A LoRA, or one of its kin (DoRA, LoHa, LoKr), as a value: changes of weights by the names of layers. Immutable and thread-safe: one adapter serves any
 * number of networks, added to their weights ({@link #mergeInto}) or beside them, seen by one view alone ({@link LoraView}). It owns
 * its tensors until it is closed; views that are open then keep what they need.
 */
public final class LoraAdapter implements AutoCloseable {
    private final Path file;
    private final List<LoraProduct> products;
    private final int keys;

    private LoraAdapter(Path file, List<LoraProduct> products) {
        this.file = file;
        this.products = List.copyOf(products);
        this.keys = products.stream().mapToInt(LoraProduct::keys).sum();
    }

    /**
     * Reads a file, or a folder with {@code adapter_model.safetensors} or {@code pytorch_lora_weights.safetensors} in it, or a run's
     * folder.
     *
     * @return an adapter that the caller closes
     * @throws Problem (a failure) naming the file and what is wrong with it
     */
    public static LoraAdapter read(Path path) {
        Path file = LoraFile.find(path);
        return new LoraAdapter(file, LoraFile.read(file, null));
    }

    /**
     * Adds all products to the weights of a pipeline's denoiser: the fast way for one use, since a forward pass costs nothing more.
     *
     * @param strength 1 as they were trained
     * @return how much of the file counts
     * @throws Problem (a failure) where it does not fit, counting what does; nothing is changed then
     */
    public LoraApplied mergeInto(Model network, double strength) {
        return mergeInto(Map.of(LoraComponent.UNET, network), strength);
    }

    /**
     * Adds all products to the weights of a pipeline's networks.
     *
     * @param networks by the part of the pipeline that each is; names without a part mean the denoiser
     * @param strength 1 as they were trained
     * @return how much of the file counts
     * @throws Problem (a failure) where it does not fit, counting what does; nothing is changed then
     */
    public LoraApplied mergeInto(Map<LoraComponent, ? extends Model> networks, double strength) {
        return merged(LoraFit.of(this, networks), strength);
    }

    private static LoraApplied merged(LoraFit fit, double strength) {
        if (strength != 0) {
            fit.products()
                    .forEach((product, layer) -> layer.changeWeight(weight -> {
                        LoraSum sum = new LoraSum(() -> weight);
                        sum.add(product, strength);
                        return sum.change(weight.device()).folded(weight);
                    }));
        }
        return fit.applied();
    }

    /**
     * Adds what a file has for one part of a pipeline to the weights of its network, where the parts are loaded one by one. Of the file only
     * that is read.
     *
     * @param path as {@link #read} takes it
     * @param strength 1 as they were trained
     * @return how much of the file counts for this part: {@link LoraApplied#and} joins it with the others, and
     *     {@link LoraApplied#checked} refuses a file that counts for none
     * @throws Problem (a failure) where it does not fit; nothing is changed then
     */
    public static LoraApplied mergeIntoPart(Path path, LoraComponent part, Model network, double strength) {
        Path file = LoraFile.find(path);
        try (LoraAdapter adapter = new LoraAdapter(file, LoraFile.read(file, part))) {
            return merged(LoraFit.ofPart(adapter, part, network), strength);
        }
    }

    /** {@link #restore(LoraComponent, Model)} of a pipeline's denoiser. */
    public int restore(Model network) {
        return restore(LoraComponent.UNET, network);
    }

    /**
     * Copies the products of a part of a pipeline into those that its network has already, as far as they are the same layers with the
     * same rank. Where alpha / r is another here, B makes up for it: the network does what it did with the adapter.
     *
     * @return how many of the network's products were filled
     */
    public int restore(LoraComponent part, Model network) {
        LoraNames names = new LoraNames(network);
        int filled = 0;
        for (LoraProduct product : products) {
            LowRank own = Optional.of(product.name())
                    .filter(name -> product.isLowRank() && product.lengths() == null)
                    .filter(name -> name.isOf(part))
                    .flatMap(names::layer)
                    .map(names::get)
                    .flatMap(Adaptable::lora)
                    .orElse(null);
            if (own != null && sameShape(own.down(), product.down()) && sameShape(own.up(), product.up())) {
                fill(own, product);
                filled++;
            }
        }
        return filled;
    }

    private static void fill(LowRank own, LoraProduct product) {
        try (NoGradGuard guard = new NoGradGuard()) {
            own.down().copy_(product.down());
            own.up().copy_(product.up());
            if (own.scale() != product.scale()) {
                own.up().mul_(new Scalar(product.scale() / own.scale()));
            }
        }
    }

    private static boolean sameShape(Tensor one, Tensor other) {
        return Arrays.equals(one.shape(), other.shape());
    }

    List<LoraProduct> products() {
        return products;
    }

    /** How many layers it has products for. */
    public int size() {
        return products.size();
    }

    /** How many layers of a part of a pipeline it has products for; what the file gives to no part is the denoiser's. */
    public int size(LoraComponent part) {
        return (int)
                products.stream().filter(product -> product.name().isOf(part)).count();
    }

    /** How many tensors the file has. */
    public int keys() {
        return keys;
    }

    /** The file that it was read from. */
    public Path file() {
        return file;
    }

    @Override
    public void close() {
        products.forEach(LoraProduct::close);
    }
}
