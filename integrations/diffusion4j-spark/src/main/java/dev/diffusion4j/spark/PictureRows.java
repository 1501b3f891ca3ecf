// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.BrokenExampleException;
import dev.diffusion4j.metric.PictureSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * From rows to pictures by their keys, which order them: the name, then the pixels' hash. A picture that is a path stays one, so that little is moved.
 *
 * @param arePaths whether the column has paths, not bytes
 * @param haveNames whether there is a second column, with names
 */
record PictureRows(boolean arePaths, boolean haveNames) implements PairFlatMapFunction<Row, String, byte[]> {
    private static final Logger LOG = LoggerFactory.getLogger(PictureRows.class);

    /** @throws Problem (a wrong request) where there are no such columns */
    static PictureRows of(StructType schema, BulkScoring scoring) {
        DataType pictures = type(schema, "{pictures}", scoring.pictures());
        boolean arePaths = pictures.equals(DataTypes.StringType);
        if (!arePaths && !pictures.equals(DataTypes.BinaryType)) {
            throw Problem.request("{pictures} '" + scoring.pictures()
                    + "' must be files' bytes or paths, but the column is " + pictures.simpleString());
        }
        String names = scoring.names();
        if (names != null
                && !List.of(DataTypes.StringType, DataTypes.IntegerType, DataTypes.LongType)
                        .contains(type(schema, "{names}", names))) {
            throw Problem.request("{names} '" + names + "' must be texts or whole numbers, but the column is "
                    + type(schema, "{names}", names).simpleString());
        }
        return new PictureRows(arePaths, names != null);
    }

    private static DataType type(StructType schema, String field, String column) {
        return Arrays.stream(schema.fields())
                .filter(each -> each.name().equals(column))
                .map(StructField::dataType)
                .findFirst()
                .orElseThrow(() -> Problem.request(
                        "there is no column '" + column + "' of " + field + ": the rows are " + schema.simpleString()));
    }

    static Dataset<Row> select(Dataset<Row> rows, BulkScoring scoring) {
        String names = scoring.names();
        return names == null
                ? rows.select(rows.col(scoring.pictures()))
                : rows.select(rows.col(scoring.pictures()), rows.col(names));
    }

    /** Nothing for one that is left out: a row without a picture, a sheet, or what cannot be read. */
    @Override
    public Iterator<Tuple2<String, byte[]>> call(Row row) {
        if (row.isNullAt(0)) {
            return Collections.emptyIterator();
        }
        String name = haveNames ? name(row.get(1)) : arePaths ? row.getString(0) : "";
        if (PictureSet.isSheet(name.substring(name.lastIndexOf('/') + 1))) {
            return Collections.emptyIterator();
        }
        byte[] kept = arePaths ? row.getString(0).getBytes(StandardCharsets.UTF_8) : row.getAs(0);
        try {
            String hash = PictureSet.hash(
                    new EncodedPictures(List.of(file(kept))).example(0).image());
            return List.of(new Tuple2<>(name + '\0' + hash, kept)).iterator();
        } catch (BrokenExampleException e) {
            LOG.warn("left out {}: {}", name, e.getMessage());
            return Collections.emptyIterator();
        }
    }

    /** As a text that is ordered as the value is. */
    private static String name(Object value) {
        return value instanceof Number number
                ? String.format("%016x", number.longValue() ^ Long.MIN_VALUE)
                : String.valueOf(value);
    }

    static String hashOf(String key) {
        return key.substring(key.lastIndexOf('\0') + 1);
    }

    /**
     * The bytes of a picture's file.
     *
     * @param kept they, or its path
     * @throws BrokenExampleException where it cannot be read
     */
    byte[] file(byte[] kept) {
        if (!arePaths) {
            return kept;
        }
        String text =
                new String(kept, StandardCharsets.UTF_8).replaceFirst("^file:(//)?", ""); // as Spark's own have it
        try {
            return Files.readAllBytes(Path.of(text));
        } catch (IOException e) {
            throw new BrokenExampleException(text + ": " + AtomicFile.reason(e), e);
        } catch (InvalidPathException e) {
            throw new BrokenExampleException(text + ": " + e.getMessage(), e);
        }
    }
}
