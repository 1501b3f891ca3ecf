// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.base.Problem;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The form of the rows: the columns that came in, and those of the results.
 *
 * @param schema of all of them
 * @param request which column the requests are in
 * @param given how many columns came in
 */
record DrawnRows(StructType schema, int request, int given) implements Serializable {
    static final String REQUEST = "request";

    private static final List<StructField> RESULTS = List.of(
            DataTypes.createStructField("index", DataTypes.IntegerType, true),
            DataTypes.createStructField("seed", DataTypes.LongType, true),
            DataTypes.createStructField("picture", DataTypes.BinaryType, true),
            DataTypes.createStructField("file", DataTypes.StringType, true),
            DataTypes.createStructField("error", DataTypes.StringType, true));

    /** @throws Problem (a wrong request) where there is no column of requests, or one has the name of a result */
    static DrawnRows of(StructType given) {
        StructField[] fields = given.fields().clone();
        if (fields.length == 1) {
            fields[0] = DataTypes.createStructField(REQUEST, fields[0].dataType(), true);
        }
        List<String> names = Arrays.stream(fields).map(StructField::name).toList();
        int request = names.indexOf(REQUEST);
        if (request < 0 || !fields[request].dataType().equals(DataTypes.StringType)) {
            throw Problem.request("{requests} must be texts, or rows with a text column '" + REQUEST + "', but were "
                    + given.simpleString());
        }
        StructType schema = new StructType(fields);
        for (StructField result : RESULTS) {
            if (names.contains(result.name())) {
                throw Problem.request("{requests} must have no column '" + result.name()
                        + "', which is one of the results: rename it or leave it out");
            }
            schema = schema.add(result);
        }
        return new DrawnRows(schema, request, fields.length);
    }

    Dataset<Row> named(Dataset<?> requests) {
        return given == 1 ? requests.toDF(REQUEST) : requests.toDF();
    }

    Encoder<Row> encoder() {
        return Encoders.row(schema);
    }

    @Nullable
    String request(Row row) {
        return row.getString(request);
    }

    /** @param file of the picture, in place of it */
    Row picture(Row of, int index, long seed, byte @Nullable [] picture, @Nullable String file) {
        return row(of, index, seed, picture, file, null);
    }

    Row error(Row of, String line) {
        return row(of, null, null, null, null, line);
    }

    private Row row(Row of, @Nullable Object... results) {
        @Nullable Object[] all = new @Nullable Object[given + results.length];
        for (int i = 0; i < given; i++) {
            all[i] = of.get(i);
        }
        System.arraycopy(results, 0, all, given, results.length);
        return RowFactory.create(all);
    }
}
