//! One job from standard input, one result on the last line of standard output.
use base64::{engine::general_purpose::STANDARD as B64, Engine};
use chrono::{TimeZone, Utc};
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::ClientBuilder;
use rskafka::record::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Job {
    op: String,
    address: String,
    topic: String,
    partition: i32,
    codec: String,
    records: Option<Vec<Wire>>,
    offset: i64,
    count: usize,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    offset: i64,
    key: Option<String>,
    value: Option<String>,
    headers: Option<Vec<Header>>,
    timestamp_ms: i64,
}

#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    value: Option<String>,
}

#[derive(Serialize, Default)]
struct Answer {
    error: String,
    records: Vec<Wire>,
}

fn bytes(s: &Option<String>) -> Vec<u8> {
    B64.decode(s.as_deref().unwrap_or("")).unwrap_or_default()
}

async fn run(job: Job) -> Result<Vec<Wire>, Box<dyn std::error::Error>> {
    let client = ClientBuilder::new(vec![job.address.clone()]).build().await?;
    let partition = client.partition_client(job.topic.clone(), job.partition, UnknownTopicHandling::Retry).await?;
    if job.op == "produce" {
        let compression = match job.codec.as_str() {
            "gzip" => Compression::Gzip,
            "snappy" => Compression::Snappy,
            "lz4" => Compression::Lz4,
            "zstd" => Compression::Zstd,
            _ => Compression::NoCompression,
        };
        for r in job.records.unwrap_or_default() {
            let mut headers = BTreeMap::new();
            for h in r.headers.iter().flatten() {
                headers.insert(h.name.clone(), bytes(&h.value));
            }
            let timestamp = Utc.timestamp_millis_opt(r.timestamp_ms).single().ok_or("timestamp")?;
            let record = Record { key: Some(bytes(&r.key)), value: Some(bytes(&r.value)), headers, timestamp };
            partition.produce(vec![record], compression).await?;
        }
        return Ok(vec![]);
    }
    let mut out = Vec::new();
    let mut offset = job.offset;
    while out.len() < job.count {
        let (records, _) = partition.fetch_records(offset, 1..8_000_000, 1_000).await?;
        for r in records {
            offset = r.offset + 1;
            out.push(Wire {
                offset: r.offset,
                key: r.record.key.map(|k| B64.encode(k)),
                value: r.record.value.map(|v| B64.encode(v)),
                headers: Some(r.record.headers.iter().map(|(k, v)| Header { name: k.clone(), value: Some(B64.encode(v)) }).collect()),
                timestamp_ms: r.record.timestamp.timestamp_millis(),
            });
        }
    }
    Ok(out)
}

#[tokio::main]
async fn main() {
    let job: Job = serde_json::from_reader(std::io::stdin()).expect("a job");
    let answer = match tokio::time::timeout(std::time::Duration::from_secs(60), run(job)).await {
        Ok(Ok(records)) => Answer { records, ..Default::default() },
        Ok(Err(e)) => Answer { error: e.to_string(), ..Default::default() },
        Err(_) => Answer { error: "60 s passed".into(), ..Default::default() },
    };
    println!("{}", serde_json::to_string(&answer).unwrap());
}
