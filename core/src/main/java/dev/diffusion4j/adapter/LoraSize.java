// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import java.nio.file.Path;
import java.util.Map;

/**
 * What adapters take of memory beside the networks that are seen through them, as the tables of their files say it.
 *
 * @param fileBytes of their tensors as the files have them, which are there until the products are made
 * @param products numbers of thin products, which are kept in the networks' dtype
 * @param others numbers of all other kinds (LoHa, LoKr, Tucker's), which are kept in f32
 */
public record LoraSize(long fileBytes, long products, long others) {
    /** Of no adapter. */
    public static final LoraSize NONE = new LoraSize(0, 0, 0);

    /**
     * Looks at the table of a file; reads no weights.
     *
     * @param path as {@link LoraAdapter#read} takes it
     * @throws Problem (a failure) where it is not there or cannot be read
     */
    public static LoraSize of(Path path) {
        LoraSize all = NONE;
        try (WeightSource weights = WeightFiles.openFile(LoraFile.find(path))) {
            for (Map.Entry<String, TensorInfo> tensor : weights.tensors().entrySet()) {
                LoraPart part = LoraName.parse(tensor.getKey())
                        .map(LoraName.Tensor::part)
                        .orElse(LoraPart.ALPHA);
                if (part != LoraPart.ALPHA) {
                    all = all.plus(of(part, tensor.getValue()));
                }
            }
        }
        return all;
    }

    private static LoraSize of(LoraPart part, TensorInfo tensor) {
        boolean isThin = LoraForm.LOW_RANK.has(part) || LoraPart.BESIDE.contains(part);
        return new LoraSize(tensor.byteSize(), isThin ? tensor.count() : 0, isThin ? 0 : tensor.count());
    }

    /** Of these adapters and others. */
    public LoraSize plus(LoraSize more) {
        return new LoraSize(fileBytes + more.fileBytes, products + more.products, others + more.others);
    }

    /**
     * What is there while pictures are drawn.
     *
     * @param numberBytes of a number in the networks' dtype
     */
    public double bytes(double numberBytes) {
        return numberBytes * products + 4.0 * others;
    }
}
