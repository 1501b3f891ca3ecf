// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.NativeLibrary;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Assumptions;

/**
 * A card that is none: until it is closed {@code cuda}, {@code cuda:0} and {@code auto} are LibTorch's lazy device, which computes on the processor but holds
 * its tensors apart as a card does, and fails where an operation is given some of both. It is stricter than a card in this: a CPU tensor of no
 * dimensions is refused too. It knows no autocast.
 */
public final class FakeCard extends StandIn implements AutoCloseable {
    /** {@code torch::lazy::InitTorchScriptBackend()}: what LibTorch's Python calls, and no Java class has. */
    private static final String START = "_ZN5torch4lazy22InitTorchScriptBackendEv";

    /** Without these a number that is multiplied with a tensor of no dimensions makes it one of doubles. */
    private static final List<String> NUMBERS =
            List.of("FLAGS_torch_lazy_handle_special_scalars", "FLAGS_torch_lazy_all_numbers_special_scalars");

    private static boolean started;

    private final Device device = TensorScope.own(new Device("lazy:0"));
    private final Map<Tensor, List<TensorOptional>> optionals = Collections.synchronizedMap(new IdentityHashMap<>());

    private FakeCard() {}

    /** Skips the test, and says so, where this LibTorch has no such device. */
    public static FakeCard insert() {
        NativeRuntime.configure();
        start();
        FakeCard card = new FakeCard();
        use(card);
        return card;
    }

    private static synchronized void start() {
        if (started) {
            return;
        }
        try {
            NativeLibrary found =
                    NativeLibrary.getInstance(Loader.getLoadedLibraries().getOrDefault("torch_cpu", "torch_cpu"));
            NUMBERS.forEach(each -> found.getGlobalVariableAddress(each).setByte(0, (byte) 1));
            torch.getProfilingMode().put(false); // it would compile what is called twice
            found.getFunction(START).invokeVoid(new Object[0]);
            started = true;
        } catch (UnsatisfiedLinkError e) {
            Assumptions.abort("this LibTorch has no lazy device to stand in for a card: " + e.getMessage());
        }
    }

    @Override
    Device device() {
        return device;
    }

    /** The lazy device's tensors cannot be had by {@code set_data}: the weight becomes another native tensor. */
    @Override
    void replace(Tensor weight, Tensor with) {
        boolean learns = weight.requires_grad();
        weight.put(with.detach());
        weight.set_requires_grad(learns);
        optionals.getOrDefault(weight, List.of()).forEach(optional -> optional.put(weight));
    }

    @Override
    void follow(Tensor weight, TensorOptional optional) {
        optionals.computeIfAbsent(weight, first -> new ArrayList<>()).add(optional);
    }

    /**
     * Looks whether all tensors are in one place. On the card it is not called: the lazy device does not know the operators that are called so, and
     * would take long to compute all gradients.
     */
    @Override
    void run(OperatorHandle operator, IValue... arguments) {
        List<Boolean> places = Stream.of(arguments)
                .flatMap(FakeCard::tensors)
                .map(Tensor::is_cpu)
                .distinct()
                .toList();
        if (places.size() > 1) {
            throw new IllegalArgumentException("an operator was given tensors of the processor and of a card");
        }
        if (!places.contains(false)) {
            operator.callBoxed(new IValueVector(arguments));
        }
    }

    private static Stream<Tensor> tensors(IValue value) {
        if (value.isTensor()) {
            return Stream.of(value.toTensor());
        }
        if (!value.isTensorList()) {
            return Stream.empty();
        }
        TensorVector all = value.toTensorVector();
        return LongStream.range(0, all.size()).mapToObj(all::get);
    }

    @Override
    public void close() {
        use(null);
    }
}
