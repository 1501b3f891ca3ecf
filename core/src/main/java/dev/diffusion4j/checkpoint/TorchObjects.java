// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.HeapShare;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Pickled.Dictionary;
import dev.diffusion4j.checkpoint.Pickled.Global;
import dev.diffusion4j.checkpoint.Pickled.Opaque;
import dev.diffusion4j.checkpoint.Pickled.Sequence;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The names that a file of PyTorch tensors needs: storages, dtypes, the functions that make a tensor of a storage
 * ({@code torch/_utils.py}), and plain containers. Everything else is refused by its name.
 */
final class TorchObjects implements PickleMachine.Objects {
    private static final Set<String> STORAGE_MODULES = Set.of("torch", "torch.cuda", "torch.storage");

    /** Python 2 had other module names; PyTorch moved a file. */
    private static final Map<String, String> MODULES =
            Map.of("__builtin__", "builtins", "torch.tensor", "torch._tensor");

    private static final Set<String> TENSOR_CLASSES =
            Set.of("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");

    /** Called for a value that no tensor depends on. */
    private static final Set<String> IGNORED = Set.of(
            "torch.device",
            "_codecs.encode",
            "builtins.bytearray",
            "builtins.complex",
            "numpy.dtype",
            "numpy.core.multiarray.scalar",
            "numpy._core.multiarray.scalar",
            "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"); // a key in Stable Diffusion's first
    // checkpoints

    private static final Set<String> CALLED = Set.of(
            "torch._utils._rebuild_tensor",
            "torch._utils._rebuild_tensor_v2",
            "torch._utils._rebuild_tensor_v3",
            "torch._utils._rebuild_parameter",
            "torch._utils._rebuild_parameter_with_state",
            "torch._tensor._rebuild_from_type_v2",
            "torch.Size",
            "collections.OrderedDict",
            "builtins.dict",
            "builtins.list",
            "builtins.set",
            "builtins.frozenset");

    /** Each may take a kilobyte: sizes and strides of up to 64 dimensions. */
    private static final int MAX_MADE = HeapShare.count(500_000, 1200);

    private final String where;
    private final Map<String, TorchStorage> storages = new LinkedHashMap<>();
    private final Map<String, Global> names = new HashMap<>();
    private int made;

    TorchObjects(String where) {
        this.where = where;
    }

    /** All storages that were referred to, by key. */
    Map<String, TorchStorage> storages() {
        return storages;
    }

    @Override
    public Object named(String module, String name) {
        String full = MODULES.getOrDefault(module, module) + "." + name;
        Global seen = names.get(full);
        if (seen != null) {
            return seen;
        }
        boolean known = CALLED.contains(full)
                || IGNORED.contains(full)
                || TENSOR_CLASSES.contains(full)
                || DType.ofTorch(full).isPresent()
                || storageType(full).isPresent();
        if (!known) {
            throw refused(full);
        }
        Global global = new Global(full);
        names.put(full, global);
        return global;
    }

    private Problem refused(String name) {
        if (name.startsWith("torch.")) {
            return Problem.failure(
                    where + " holds '" + name + "', which is not supported: only plain dense tensors are read;  "
                            + "save it again with safetensors");
        }
        return Problem.failure(where + " calls '" + name + "'; such files are not opened, because Python would run "
                + "whatever is in them: ask for a safetensors file");
    }

    /** {@code U8} for storages of raw bytes; empty for a class that is none. */
    private static Optional<DType> storageType(String full) {
        int dot = full.lastIndexOf('.');
        if (!STORAGE_MODULES.contains(full.substring(0, dot))) {
            return Optional.empty();
        }
        String name = full.substring(dot + 1);
        return name.equals("UntypedStorage") ? Optional.of(DType.U8) : DType.ofStorage(name);
    }

    @Override
    public Object outside(Object id) {
        if (!(id instanceof Sequence tuple)
                || tuple.items.size() < 5
                || !tuple.items.get(0).equals("storage")
                || !(tuple.items.get(1) instanceof Global type)
                || !(tuple.items.get(2) instanceof String key)
                || !(tuple.items.get(4) instanceof Long count)
                || count < 0) {
            throw TorchPickle.broken(where, "it refers to something that is no storage");
        }
        if (tuple.items.size() > 5 && tuple.items.get(5) != Opaque.NONE) {
            throw Problem.failure(
                    where + " holds views of storages, as PyTorch wrote before 0.4; save it again with a newer one");
        }
        DType dtype = storageType(type.name())
                .orElseThrow(() -> TorchPickle.broken(where, "'" + type.name() + "' is no class of storages"));
        try {
            TorchStorage storage = new TorchStorage(key, dtype, count);
            TorchStorage known = storages.putIfAbsent(key, storage);
            if (known == null) {
                return storage;
            }
            if (known.dtype() != dtype || known.bytes() != storage.bytes()) {
                throw TorchPickle.broken(where, "storage " + key + " is described in two ways");
            }
            return known;
        } catch (ArithmeticException e) {
            throw TorchPickle.broken(where, "storage " + key + " would have " + count + " numbers");
        }
    }

    @Override
    public Object call(Global function, List<Object> arguments) {
        String name = function.name();
        return switch (name) {
            case "collections.OrderedDict", "builtins.dict" -> dictionary(arguments);
            case "builtins.list", "builtins.set", "builtins.frozenset", "torch.Size" -> sequence(arguments, name);
            case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor(arguments, name, 6);
            case "torch._utils._rebuild_tensor_v3" -> tensor(arguments, name, 7);
            case "torch._utils._rebuild_parameter",
                    "torch._utils._rebuild_parameter_with_state",
                    "torch.nn.parameter.Parameter" -> argument(arguments, 0, StoredTensor.class, name);
            case "torch._tensor._rebuild_from_type_v2" -> {
                Global inner = argument(arguments, 0, Global.class, name);
                if (inner.equals(function)) { // else a file could nest such calls without end
                    throw TorchPickle.broken(where, "'" + name + "' is called with the wrong arguments");
                }
                yield call(inner, argument(arguments, 2, Sequence.class, name).items);
            }
            default -> {
                if (IGNORED.contains(name)) {
                    yield Opaque.OTHER;
                }
                throw TorchPickle.broken(where, "it calls '" + name + "'");
            }
        };
    }

    private Object dictionary(List<Object> arguments) {
        Dictionary dictionary = new Dictionary();
        if (arguments.isEmpty()) {
            return dictionary;
        }
        for (Object pair : argument(arguments, 0, Sequence.class, "OrderedDict").items) {
            count();
            if (!(pair instanceof Sequence both) || both.items.size() != 2) {
                throw TorchPickle.broken(where, "it makes a dictionary of something that is no list of pairs");
            }
            dictionary.keys.add(both.items.get(0));
            dictionary.values.add(both.items.get(1));
        }
        return dictionary;
    }

    private void count() {
        if (++made > MAX_MADE) {
            throw TorchPickle.broken(where, "it makes more than " + MAX_MADE + " tensors or copies of values");
        }
    }

    private Object sequence(List<Object> arguments, String name) {
        if (arguments.isEmpty()) {
            return Sequence.list();
        }
        return new Sequence(argument(arguments, 0, Sequence.class, name).items, false);
    }

    /** Arguments: storage, offset, sizes, strides, requires_grad, hooks, [dtype,] a dictionary of marks. */
    private StoredTensor tensor(List<Object> arguments, String name, int marksAt) {
        count();
        TorchStorage storage = argument(arguments, 0, TorchStorage.class, name);
        long offset = argument(arguments, 1, Long.class, name);
        long[] sizes = numbers(argument(arguments, 2, Sequence.class, name));
        long[] strides = numbers(argument(arguments, 3, Sequence.class, name));
        if (arguments.size() > marksAt
                && arguments.get(marksAt) instanceof Dictionary marks
                && marks.values.stream().anyMatch(value -> !value.equals(false))) {
            throw Problem.failure(
                    where + " holds a tensor that is to be conjugated or negated, which is not supported");
        }
        DType dtype = storage.dtype();
        if (marksAt == 7) {
            Global named = argument(arguments, 6, Global.class, name);
            dtype = DType.ofTorch(named.name())
                    .orElseThrow(() -> TorchPickle.broken(where, "'" + named.name() + "' is no dtype"));
        }
        return StoredTensor.checked(storage, offset, new NumberLayout(dtype, sizes, strides), where);
    }

    private long[] numbers(Sequence sequence) {
        return sequence.items.stream()
                .mapToLong(item -> {
                    if (!(item instanceof Long number) || number < 0) {
                        throw TorchPickle.broken(where, "a size or stride of a tensor is not a whole number >= 0");
                    }
                    return number;
                })
                .toArray();
    }

    private <T> T argument(List<Object> arguments, int index, Class<T> type, String name) {
        if (index >= arguments.size() || !type.isInstance(arguments.get(index))) {
            throw TorchPickle.broken(where, "'" + name + "' is called with the wrong arguments");
        }
        return type.cast(arguments.get(index));
    }
}
