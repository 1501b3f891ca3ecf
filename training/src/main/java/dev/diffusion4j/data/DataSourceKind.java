// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.data.parquet.ColumnChoice;
import dev.diffusion4j.data.source.DigitsSource;
import dev.diffusion4j.data.source.Flowers102Files;
import dev.diffusion4j.data.source.FolderSource;
import dev.diffusion4j.data.source.IdxSource;
import dev.diffusion4j.data.source.MnistFiles;
import dev.diffusion4j.data.source.RepositorySource;
import dev.diffusion4j.data.source.ScenesSource;
import dev.diffusion4j.data.source.ShapesSource;
import dev.diffusion4j.data.source.ZogScenesSource;
import dev.diffusion4j.data.source.ZogSource;
import java.nio.file.Path;

/** Where pictures come from. */
public enum DataSourceKind implements Keyed {
    /** Handwritten digits, made by the library: {@link DigitsSource}. */
    DIGITS("digits", "digits[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return new DigitsSource(spec.split(), options.seed());
        }
    },
    /** Coloured shapes with captions: {@link ShapesSource}. */
    SHAPES("shapes", "shapes[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            int side = options.imageSize() == 0 ? 64 : options.imageSize();
            return new ShapesSource(spec.split(), side, options.seed());
        }
    },
    /** Scenes of one or two things with varied captions: {@link ScenesSource}. */
    SCENES("scenes", "scenes[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            int side = options.imageSize() == 0 ? 64 : options.imageSize();
            return new ScenesSource(
                    spec.split(), side, options.seed(), options.columns().label());
        }
    },
    /** Five pictures of a thing that {@code scenes} does not show: {@link ZogSource}. */
    ZOG("zog", "zog", false, false) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return new ZogSource(options.imageSize() == 0 ? 64 : options.imageSize(), options.seed());
        }
    },
    /** Scenes with that thing among them: {@link ZogScenesSource}. */
    ZOG_SCENES("zog_scenes", "zog_scenes[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            int side = options.imageSize() == 0 ? 64 : options.imageSize();
            return new ZogScenesSource(
                    spec.split(), side, options.seed(), options.columns().label());
        }
    },
    /** The MNIST digits, fetched on first use. */
    MNIST("mnist", "mnist[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return MnistFiles.MNIST.open(spec.split(), options);
        }
    },
    /** Pieces of clothing in MNIST's format, fetched on first use. */
    FASHION_MNIST("fashion_mnist", "fashion_mnist[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return MnistFiles.FASHION.open(spec.split(), options);
        }
    },
    /** Photos of 102 kinds of flowers, fetched on first use. */
    FLOWERS102("flowers102", "flowers102[:test|:all]", false, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return Flowers102Files.FLOWERS.open(spec.split(), options);
        }
    },
    /** A folder with files of MNIST's format, plain or gzipped. */
    IDX("idx", "idx:FOLDER[:test|:all]", true, true) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return IdxSource.inFolder(
                    "idx:" + spec.folder(), Path.of(spec.folder()), spec.split(), java.util.List.of());
        }
    },
    /** Picture files, in one folder a class or flat: {@link FolderSource}. */
    FOLDER("folder", "folder:PATH[:split]", true, false) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return FolderSource.open(spec.folder(), options.columns());
        }
    },
    /** A data set of the Hub, fetched on first use: {@link RepositorySource}. */
    HF("hf", "hf:org/name[@revision][:config][:split]", true, false) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return RepositorySource.onHub(spec.folder(), options);
        }
    },
    /** Parquet files of this machine, a folder of them or one: {@link RepositorySource}. */
    PARQUET("parquet", "parquet:PATH[:config][:split]", true, false) {
        @Override
        Dataset open(DataSpec spec, SourceOptions options) {
            return RepositorySource.onDisk(spec.folder(), options);
        }
    };

    private final String key;
    private final String form;
    private final boolean hasFolder;
    private final boolean hasSplits;

    DataSourceKind(String key, String form, boolean hasFolder, boolean hasSplits) {
        this.key = key;
        this.form = form;
        this.hasFolder = hasFolder;
        this.hasSplits = hasSplits;
    }

    abstract Dataset open(DataSpec spec, SourceOptions options);

    @Override
    public String key() {
        return key;
    }

    /** How to write it: {@code idx:FOLDER[:test|:all]}. */
    public String form() {
        return form;
    }

    /** Whether such columns may be named. */
    boolean hasColumns(ColumnChoice columns) {
        return switch (this) {
            case FOLDER, HF, PARQUET -> true;
            case SCENES, ZOG_SCENES ->
                columns.image() == null && columns.caption() == null; // its labels are its attributes
            default -> columns.equals(ColumnChoice.FOUND);
        };
    }

    /** Whether its folder, or file, is one of this machine. */
    boolean isOnDisk() {
        return hasFolder && this != HF;
    }

    public boolean hasFolder() {
        return hasFolder;
    }

    public boolean hasSplits() {
        return hasSplits;
    }
}
