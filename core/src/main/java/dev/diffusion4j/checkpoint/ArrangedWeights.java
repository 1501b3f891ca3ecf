// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A file's tensors under other names, and some of them in another form: with other dimensions of the same numbers, transposed, a share of one,
 * or several in one. Nothing is read before it is asked for, and one tensor at a time.
 */
public final class ArrangedWeights implements WeightSource {
    private final WeightSource file;
    private final String title;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    /**
     * Where a tensor is.
     *
     * @param fileNames of the tensors that it is made of, joined at their first dimension
     * @param share which share of the first dimension it is
     * @param shares of how many; 1 for all of it
     */
    private record Place(List<String> fileNames, int share, int shares, boolean transposed) {
        boolean isWhole() {
            return fileNames.size() == 1 && shares == 1 && !transposed;
        }
    }

    /**
     * @param file closing this closes it
     * @param title for messages; empty for the file's own
     */
    public ArrangedWeights(WeightSource file, String title) {
        this.file = file;
        this.title = title;
    }

    private TensorInfo info(String fileName) {
        return Objects.requireNonNull(file.tensors().get(fileName), fileName);
    }

    private ArrangedWeights put(String name, Place place, List<Long> shape) {
        infos.put(name, new TensorInfo(name, info(place.fileNames.get(0)).dtype(), shape));
        places.put(name, place);
        return this;
    }

    /** As it is in the file. */
    public ArrangedWeights addWhole(String name, String fileName) {
        return addShaped(name, fileName, info(fileName).shape());
    }

    /** With other dimensions of the same numbers. */
    public ArrangedWeights addShaped(String name, String fileName, List<Long> shape) {
        TensorInfo shaped = new TensorInfo(name, info(fileName).dtype(), shape);
        Check.that(shaped.count() == info(fileName).count(), fileName + " has not as many numbers as " + shape);
        return put(name, new Place(List.of(fileName), 0, 1, false), shape);
    }

    /** A matrix the other way. */
    public ArrangedWeights addTransposed(String name, String fileName) {
        List<Long> shape = new ArrayList<>(info(fileName).shape());
        Check.that(shape.size() == 2, fileName + " is no matrix");
        Collections.reverse(shape);
        return put(name, new Place(List.of(fileName), 0, 1, true), shape);
    }

    /** One of {@code shares} equal shares of the first dimension. */
    public ArrangedWeights addShare(String name, String fileName, int share, int shares) {
        List<Long> shape = new ArrayList<>(info(fileName).shape());
        Check.that(!shape.isEmpty() && shape.get(0) % shares == 0, fileName + " has no " + shares + " equal shares");
        shape.set(0, shape.get(0) / shares);
        return put(name, new Place(List.of(fileName), share, shares, false), shape);
    }

    /** Several of the same shape, one behind the other in the first dimension. */
    public ArrangedWeights addJoined(String name, List<String> fileNames) {
        List<Long> shape = new ArrayList<>(info(fileNames.get(0)).shape());
        fileNames.forEach(fileName -> Check.that(
                !shape.isEmpty() && info(fileName).shape().equals(shape), fileName + " has not the shape " + shape));
        shape.set(0, shape.get(0) * fileNames.size());
        return put(name, new Place(List.copyOf(fileNames), 0, 1, false), shape);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    @Override
    public Map<String, String> metadata() {
        return file.metadata();
    }

    @Override
    public void read(String name, Tensor target) {
        TensorInfo info = WeightSource.checkTarget(this, name, target);
        Place place = Objects.requireNonNull(places.get(name));
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                if (!place.isWhole()) {
                    target.copy_(made(place));
                } else if (info(place.fileNames.get(0)).shape().equals(info.shape())) {
                    file.read(place.fileNames.get(0), target);
                } else {
                    readShaped(place.fileNames.get(0), target);
                }
            }
        });
    }

    /** Other dimensions of the same memory where that is contiguous. */
    private void readShaped(String fileName, Tensor target) {
        if (target.is_contiguous()) {
            file.read(fileName, target.view(info(fileName).sizes()));
        } else {
            target.copy_(file.read(fileName).reshape(Tensors.shape(target)));
        }
    }

    private Tensor made(Place place) {
        if (place.fileNames.size() > 1) {
            return torch.cat(
                    new TensorVector(place.fileNames.stream().map(file::read).toArray(Tensor[]::new)));
        }
        Tensor whole = file.read(place.fileNames.get(0));
        long rows = whole.size(0) / place.shares;
        Tensor share = whole.narrow(0, place.share * rows, rows);
        return place.transposed ? share.t() : share;
    }

    @Override
    public void close() {
        file.close();
    }

    @Override
    public String toString() {
        return title.isEmpty() ? file.toString() : title;
    }
}
