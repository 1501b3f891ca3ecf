// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.Split;
import java.util.List;
import java.util.Map;

/**
 * The files of MNIST or of Fashion-MNIST: in the cache, or fetched into it once. They have never changed, so their SHA-256 are
 * written down here.
 *
 * @param key the name of the source, and of the folder in the cache
 * @param variable the environment variable that names another place to fetch the files from
 * @param classNames empty where the classes are numbers
 * @param mirrors addresses of folders that hold the files, tried one after the other
 * @param files the SHA-256 of each file
 */
public record MnistFiles(
        String key, String variable, List<String> classNames, List<String> mirrors, Map<String, String> files) {
    static final String TRAIN_IMAGES = "train-images-idx3-ubyte.gz";
    static final String TRAIN_LABELS = "train-labels-idx1-ubyte.gz";
    static final String TEST_IMAGES = "t10k-images-idx3-ubyte.gz";
    static final String TEST_LABELS = "t10k-labels-idx1-ubyte.gz";

    public static final MnistFiles MNIST = new MnistFiles(
            "mnist",
            "DIFFUSION4J_MNIST_URL",
            List.of(),
            List.of(
                    "https://storage.googleapis.com/cvdf-datasets/mnist/",
                    "https://ossci-datasets.s3.amazonaws.com/mnist/",
                    "http://yann.lecun.com/exdb/mnist/"),
            Map.of(
                    TRAIN_IMAGES, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    TRAIN_LABELS, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    TEST_IMAGES, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    TEST_LABELS, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"));

    public static final MnistFiles FASHION = new MnistFiles(
            "fashion_mnist",
            "DIFFUSION4J_FASHION_MNIST_URL",
            List.of(
                    "T-shirt/top",
                    "Trouser",
                    "Pullover",
                    "Dress",
                    "Coat",
                    "Sandal",
                    "Shirt",
                    "Sneaker",
                    "Bag",
                    "Ankle boot"),
            List.of(
                    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
            Map.of(
                    TRAIN_IMAGES, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    TRAIN_LABELS, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    TEST_IMAGES, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    TEST_LABELS, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"));

    /** The data set, after fetching what the cache lacks of it. */
    public Dataset open(Split split, SourceOptions options) {
        FetchedFiles fetched = new FetchedFiles(key, variable, mirrors, files);
        fetched.fetchMissing(
                wanted(split),
                options,
                "with the files in a folder of your own use {data} idx:FOLDER, without any {data} digits");
        return IdxSource.inFolder(key, fetched.folder(options), split, classNames);
    }

    private static List<String> wanted(Split split) {
        return switch (split) {
            case TRAIN -> List.of(TRAIN_IMAGES, TRAIN_LABELS);
            case TEST -> List.of(TEST_IMAGES, TEST_LABELS);
            case ALL -> List.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS);
        };
    }
}
