// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A part of a network: parameters and smaller layers, each under a name; dotted together they are the names in a checkpoint
 * ({@code down_blocks.0.resnets.1.conv1.weight}). A layer owns its tensors and frees them in {@link #close()}.
 *
 * <p>Tensors are made without content; {@link #initialize} fills them as PyTorch does, in the order in which layers are made,
 * so that the same seed gives the same weights there and here; or a file is read into them.
 */
public abstract class Layer implements AutoCloseable {
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Tensor> buffers = new LinkedHashMap<>();
    private final Map<String, Layer> children = new LinkedHashMap<>();
    private volatile boolean frozen;
    private volatile boolean stored;
    private volatile MemoryFormat layout = MemoryFormat.Contiguous;

    /** Makes a parameter, trained; {@code float32} unless {@link WeightMemory} says otherwise. */
    protected final Tensor parameter(String name, long... shape) {
        Tensor tensor = WeightMemory.empty(shape);
        parameters.put(name, tensor);
        return tensor;
    }

    /** Makes a tensor that is saved but not trained. */
    protected final Tensor buffer(String name, long... shape) {
        Tensor tensor = WeightMemory.empty(shape);
        buffers.put(name, tensor);
        return tensor;
    }

    /**
     * Makes {@code layer} a part of this one. The name may hold dots ({@code to_out.0}), or be empty, and then the tensors of {@code layer}
     * are named as if they were this layer's own.
     */
    protected final <L extends Layer> L child(String name, L layer) {
        if (children.put(name, layer) != null) {
            throw new IllegalStateException("two layers are named '" + name + "'");
        }
        return layer;
    }

    /** Makes {@code layers} parts of this one, named {@code name.0}, {@code name.1}, … */
    protected final <L extends Layer> List<L> children(String name, List<L> layers) {
        for (int i = 0; i < layers.size(); i++) {
            child(name + "." + i, layers.get(i));
        }
        return List.copyOf(layers);
    }

    /** Fills this layer's own tensors; smaller layers come before or after as they were made. */
    protected void initializeOwn(RandomStream random) {}

    /** Fills again what the smaller layers filled in another way than this layer requires. */
    protected void initializeAfterParts(RandomStream random) {}

    /** Fills all tensors with the start values of training. */
    public final void initialize(RandomStream random) {
        try (NoGradGuard guard = new NoGradGuard()) {
            initializeTree(random);
        }
    }

    private void initializeTree(RandomStream random) {
        initializeOwn(random);
        children.values().forEach(layer -> layer.initializeTree(random));
        initializeAfterParts(random);
    }

    /** The trained tensors by dotted name, in the order of making. Borrowed: this layer owns them. */
    public final Map<String, Tensor> namedParameters() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, true, false);
        return all;
    }

    /** All saved tensors, trained or not, by dotted name. Borrowed: this layer owns them. */
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collect("", all, true, true);
        return all;
    }

    /**
     * Own handles to all saved tensors, by dotted name, that stay valid whatever the layer does; they belong to the current scope.
     * A frozen layer's may lie in an order of oneDNN's.
     */
    public final Map<String, Tensor> snapshot() {
        Map<String, Tensor> all = new LinkedHashMap<>();
        collectHandles("", all);
        return all;
    }

    private void collectHandles(String prefix, Map<String, Tensor> into) {
        synchronized (this) {
            parameters.forEach((name, tensor) -> into.put(prefix + name, new Tensor(tensor)));
            buffers.forEach((name, tensor) -> into.put(prefix + name, new Tensor(tensor)));
        }
        children.forEach((name, layer) -> layer.collectHandles(prefix(prefix, name), into));
    }

    private void collect(String prefix, Map<String, Tensor> into, boolean withParameters, boolean withBuffers) {
        if (withParameters) {
            parameters.forEach((name, tensor) -> into.put(prefix + name, tensor));
        }
        if (withBuffers) {
            buffers.forEach((name, tensor) -> into.put(prefix + name, tensor));
        }
        children.forEach((name, layer) -> layer.collect(prefix(prefix, name), into, withParameters, withBuffers));
    }

    /** What the names within a part begin with, where those beside it begin with {@code prefix}. */
    public static String prefix(String prefix, String name) {
        return name.isEmpty() ? prefix : prefix + name + ".";
    }

    /** How many numbers are trained. */
    public final long parameterCount() {
        long count = 0;
        synchronized (this) {
            for (Tensor tensor : parameters.values()) {
                count += tensor.numel();
            }
        }
        for (Layer layer : children.values()) {
            count += layer.parameterCount();
        }
        return count;
    }

    /** The bytes of what frozen layers have made of their weights so far, and keep beside them: what large pictures are quicker by. */
    public final long madeBytes() {
        long bytes = ownMadeBytes();
        for (Layer layer : children.values()) {
            bytes += layer.madeBytes();
        }
        return bytes;
    }

    /** Without those of the smaller layers. */
    long ownMadeBytes() {
        return 0;
    }

    /** The smaller layers by name; borrowed. */
    public final Map<String, Layer> childLayers() {
        return java.util.Collections.unmodifiableMap(children);
    }

    /** Whether gradients are kept for the parameters; buffers never have any. */
    public final void requiresGrad(boolean required) {
        namedParameters().values().forEach(tensor -> tensor.set_requires_grad(required));
    }

    /**
     * Changes dtype and device of all tensors in place; handles stay valid. Gradients are dropped. Of a network that is {@linkplain #store
     * stored} the device alone changes.
     *
     * @throws IllegalStateException where the layer is frozen; so does {@link #channelsLast}
     */
    public final void convert(Device device, ScalarType type) {
        each(tensor -> tensor.to(device, stored ? Tensors.type(tensor) : type));
    }

    /**
     * Keeps all tensors in fewer digits than is computed with: what they are used in sees them in f32, so that it gives what it would if their
     * rounded values were kept in f32; within {@link dev.diffusion4j.tensor.Placement#autocast} in its dtype, as all weights. Gradients with regard to inputs can be had,
     * and none of the tensors. Products that are injected later stay f32 and learn.
     *
     * @param type bf16; f32 for as usual
     * @throws IllegalStateException where the layer is frozen
     */
    public final void store(ScalarType type) {
        each(tensor -> tensor.to(type));
        eachLayer(layer -> layer.stored = type != ScalarType.Float);
    }

    /** Whether tensors are kept in fewer digits than is computed with: {@link #store}. */
    protected final boolean isStored() {
        return stored;
    }

    /** A tensor of this layer's as it is computed with: itself, or in f32 where it is {@linkplain #store stored}, owned by the current scope then. */
    protected final Tensor widened(Tensor own) {
        return stored ? own.to(ScalarType.Float) : own;
    }

    /** Gives 4-d tensors the channels-last memory layout, or back, in this layer and all within it; values and shapes are unchanged. */
    public final void channelsLast(boolean enabled) {
        MemoryFormat format = enabled ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous;
        each(tensor -> tensor.dim() == 4 ? tensor.contiguous(format) : tensor);
        eachLayer(layer -> layer.layout = format);
    }

    /** A sample in the memory layout of {@link #channelsLast}, which LibTorch keeps from there on; the sample itself where it is so. */
    protected final Tensor laidOut(Tensor sample) {
        return sample.contiguous(layout);
    }

    /** Whether 4-d tensors have the layout channels last. */
    protected final boolean isChannelsLast() {
        return layout == MemoryFormat.ChannelsLast;
    }

    /**
     * Promises that the values, dtypes and layouts will not change any more, so that each layer may, at its first use without
     * gradients, put its weights in the order that is fastest on this processor, in place of the plain one; {@link #snapshot} still gives them.
     * For the CPU, and before other threads use it. Tensors of {@link #stateDict} may be freed then. Gradients with regard to the sample can
     * still be had.
     */
    public final void freeze() {
        requiresGrad(false);
        eachLayer(layer -> layer.frozen = true);
    }

    /** Whether {@link #freeze} was called. */
    protected final boolean isFrozen() {
        return frozen;
    }

    private void eachLayer(Consumer<Layer> action) {
        action.accept(this);
        children.values().forEach(layer -> layer.eachLayer(action));
    }

    /** Puts the same weight in another order in the place of a parameter, which is freed; the caller holds this layer's lock. */
    protected final void replaceParameter(String name, Tensor tensor) {
        Tensor old = parameters.put(name, tensor);
        if (old != null) {
            old.close();
        }
    }

    /** Removes a parameter and frees it. */
    protected final void dropParameter(String name) {
        Tensor old = parameters.remove(name);
        if (old != null) {
            old.close();
        }
    }

    private void each(UnaryOperator<Tensor> change) {
        if (frozen) {
            throw new IllegalStateException("this network is frozen: it cannot be converted any more");
        }
        Collection<Tensor> all = new ArrayList<>(stateDict().values());
        try (NoGradGuard guard = new NoGradGuard()) {
            for (Tensor tensor : all) {
                TensorScope.run(() -> WeightMemory.replace(tensor, change.apply(tensor)));
            }
        }
        onConverted();
    }

    /** Called when dtype, device or layout changed: prepared copies of weights must go. */
    private void onConverted() {
        dropPrepared();
        children.values().forEach(Layer::onConverted);
    }

    /** Frees what was derived from the weights; see {@link #onConverted}. */
    protected void dropPrepared() {}

    /** Frees all tensors; the layer cannot be used after. */
    @Override
    public void close() {
        dropPrepared();
        children.values().forEach(Layer::close);
        parameters.values().forEach(Tensor::close);
        buffers.values().forEach(Tensor::close);
        parameters.clear();
        buffers.clear();
        children.clear();
    }
}
