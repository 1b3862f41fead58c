import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One job from standard input, one result on the last line of standard output. */
public class Client {
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    ObjectNode out = JSON.createObjectNode();
    try {
      JsonNode job = JSON.readTree(System.in);
      switch (job.get("op").asText()) {
        case "produce" -> produce(job);
        case "consume" -> consume(job, out);
        case "refused" -> refused(job, out);
        default -> administer(job, out);
      }
    } catch (Throwable e) {
      out.put("error", e.toString() + (e.getCause() == null ? "" : " <- " + e.getCause()));
    }
    System.out.println(JSON.writeValueAsString(out));
    System.exit(0);
  }

  static Properties properties(JsonNode job) {
    Properties p = new Properties();
    p.put("bootstrap.servers", job.get("address").asText());
    return p;
  }

  static byte[] bytes(JsonNode n) {
    return n == null || n.isNull() ? new byte[0] : Base64.getDecoder().decode(n.asText());
  }

  static void produce(JsonNode job) throws Exception {
    Properties p = properties(job);
    p.put("compression.type", job.get("codec").asText());
    p.put("enable.idempotence", job.get("idempotent").asBoolean());
    p.put("acks", "all");
    p.put("max.request.size", 8 << 20);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (JsonNode r : job.get("records")) {
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(
                job.get("topic").asText(), job.get("partition").asInt(), r.get("timestamp_ms").asLong(), bytes(r.get("key")), bytes(r.get("value")));
        for (JsonNode h : r.get("headers")) record.headers().add(h.get("name").asText(), bytes(h.get("value")));
        sent.add(producer.send(record));
      }
      for (Future<RecordMetadata> f : sent) f.get();
    }
  }

  /** Sends all records in one batch and puts down what became of each: "", or its exception. */
  static void refused(JsonNode job, ObjectNode out) {
    Properties p = properties(job);
    p.put("compression.type", job.get("codec").asText());
    p.put("linger.ms", 2000);
    p.put("batch.size", 1 << 20);
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    ArrayNode outcomes = out.putArray("outcomes");
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(p, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (JsonNode r : job.get("records")) {
        byte[] key = r.get("key").isNull() ? null : bytes(r.get("key"));
        sent.add(
            producer.send(
                new ProducerRecord<>(job.get("topic").asText(), job.get("partition").asInt(), r.get("timestamp_ms").asLong(), key, bytes(r.get("value")))));
      }
      producer.flush();
      for (Future<RecordMetadata> f : sent) {
        try {
          f.get();
          outcomes.add("");
        } catch (Exception e) {
          outcomes.add(String.valueOf(e.getCause()));
        }
      }
    }
  }

  static void consume(JsonNode job, ObjectNode out) {
    TopicPartition tp = new TopicPartition(job.get("topic").asText(), job.get("partition").asInt());
    Properties p = properties(job);
    p.put("auto.offset.reset", "none");
    p.put("enable.auto.commit", false);
    p.put("max.partition.fetch.bytes", 8 << 20);
    ArrayNode records = out.putArray("records");
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(p, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(List.of(tp));
      long offset = job.get("offset").asLong();
      long timestamp = job.get("timestamp_ms").asLong();
      if (timestamp != 0) offset = consumer.offsetsForTimes(Map.of(tp, timestamp)).get(tp).offset();
      consumer.seek(tp, offset);
      long until = System.currentTimeMillis() + 30_000;
      while (records.size() < job.get("count").asInt() && System.currentTimeMillis() < until) {
        for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
          ObjectNode o = records.addObject();
          o.put("offset", r.offset()).put("key", r.key()).put("value", r.value()).put("timestamp_ms", r.timestamp());
          ArrayNode headers = o.putArray("headers");
          for (Header h : r.headers()) headers.addObject().put("name", h.key()).put("value", h.value());
        }
      }
    }
  }

  static void administer(JsonNode job, ObjectNode out) throws Exception {
    String topic = job.get("topic").asText();
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(properties(job))) {
      switch (job.get("op").asText()) {
        case "create" ->
            admin.createTopics(List.of(new NewTopic(topic, job.get("partitions").asInt(), (short) 1))).all().get();
        case "delete" -> admin.deleteTopics(List.of(topic)).all().get();
        case "alter-config" ->
            admin
                .incrementalAlterConfigs(
                    Map.of(
                        resource,
                        List.of(
                            new AlterConfigOp(
                                new ConfigEntry(job.get("name").asText(), job.get("value").asText()), AlterConfigOp.OpType.SET))))
                .all()
                .get();
        case "describe-config" ->
            out.put("value", admin.describeConfigs(List.of(resource)).all().get().get(resource).get(job.get("name").asText()).value());
        default -> throw new IllegalArgumentException(job.get("op").asText());
      }
    }
  }
}
