//! `deploy/kubernetes` says the same everywhere, and what the program understands. Its schemas are checked by
//! `scripts/validate-kubernetes`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_yaml::Value;
use tweet_exporter::config;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kubernetes")
}

fn read(name: &str) -> Value {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_sequence().expect("a list").iter().map(|item| item.as_str().expect("a text")).collect()
}

fn pod() -> Value {
    read("statefulset.yaml")["spec"]["template"]["spec"].clone()
}

#[test]
fn the_kustomization_lists_every_file() {
    let kustomization = read("kustomization.yaml");
    let mut listed: BTreeSet<String> = texts(&kustomization["resources"]).into_iter().map(str::to_owned).collect();
    for generator in kustomization["configMapGenerator"].as_sequence().expect("a list") {
        listed.extend(texts(&generator["files"]).into_iter().map(str::to_owned));
    }
    listed.insert("kustomization.yaml".to_owned());
    let there = fs::read_dir(folder()).expect("the folder").flatten();
    let there: BTreeSet<String> = there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(listed, there);
}

#[test]
fn there_are_as_many_shards_as_replicas_and_the_program_knows_all_flags() {
    let replicas = read("statefulset.yaml")["spec"]["replicas"].as_u64().expect("a number");
    let container = pod()["containers"][0].clone();
    let flags = texts(&container["args"]);
    assert!(flags.contains(&format!("--shard=$(POD_INDEX)/{replicas}").as_str()), "{flags:?}");
    assert_eq!(container["env"][0]["name"], "POD_INDEX");
    for index in 0..replicas {
        let arguments = flags.iter().map(|flag| flag.replace("$(POD_INDEX)", &index.to_string()));
        let known =
            tweet_exporter::commands::command().try_get_matches_from(["tweet_exporter".to_owned()].into_iter().chain(arguments));
        known.unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn pods_keep_the_restricted_standard() {
    let pod = pod();
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["automountServiceAccountToken"], false);
    let context = &pod["containers"][0]["securityContext"];
    assert_eq!((&context["allowPrivilegeEscalation"], &context["readOnlyRootFilesystem"]), (&false.into(), &true.into()));
    assert_eq!(texts(&context["capabilities"]["drop"]), ["ALL"]);
    assert_eq!(read("namespace.yaml")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
}

#[test]
fn names_and_ports_fit_together() {
    let (set, pod) = (read("statefulset.yaml"), pod());
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    for selector in [
        &set["spec"]["selector"]["matchLabels"],
        &read("service.yaml")["spec"]["selector"],
        &read("servicemonitor.yaml")["spec"]["selector"]["matchLabels"],
        &read("poddisruptionbudget.yaml")["spec"]["selector"]["matchLabels"],
        &read("networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let port = &pod["containers"][0]["ports"][0];
    assert!(
        texts(&pod["containers"][0]["args"])
            .iter()
            .any(|flag| flag.ends_with(&format!(":{}", port["containerPort"].as_u64().expect("a number"))))
    );
    for name in [
        &read("service.yaml")["spec"]["ports"][0]["targetPort"],
        &read("servicemonitor.yaml")["spec"]["endpoints"][0]["port"],
        &read("networkpolicy.yaml")["spec"]["ingress"][0]["ports"][0]["port"],
        &pod["containers"][0]["livenessProbe"]["httpGet"]["port"],
        &pod["containers"][0]["readinessProbe"]["httpGet"]["port"],
    ] {
        assert_eq!(name, &port["name"]);
    }
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_sequence().expect("a list").iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
    };
    let mut volumes = names(&pod["volumes"]);
    volumes.insert(set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"].as_str().expect("a name").to_owned());
    assert_eq!(volumes, names(&pod["containers"][0]["volumeMounts"]));
}

#[test]
fn its_configuration_is_good() {
    let tree = tempfile::tempdir().expect("a folder");
    fs::create_dir(tree.path().join("watch")).expect("made");
    fs::write(tree.path().join("acme.bearer"), "AAAA").expect("written");
    fs::copy(folder().join("watch.yml"), tree.path().join("watch/watch.yml")).expect("copied");
    let here = |name: &str| tree.path().join(name).display().to_string();
    let text = fs::read_to_string(folder().join("tweet_exporter.yml")).expect("the file");
    let text = text.replace("/etc/tweet_exporter_secrets/acme.bearer", &here("acme.bearer"));
    let text = text.replace("/etc/tweet_exporter_watch", &here("watch"));
    let loaded = config::parse(&text, &tree.path().join("c.yml"), &|_| None).unwrap_or_else(|errors| panic!("{errors}"));
    let list = tweet_exporter::watchlist::load(&loaded.config).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!((list.accounts[0].len(), list.warnings), (2, vec![]));
    // Where the program looks is where the files are mounted.
    let mounts = pod()["containers"][0]["volumeMounts"].clone();
    let paths: Vec<&str> =
        mounts.as_sequence().expect("a list").iter().map(|mount| mount["mountPath"].as_str().expect("a path")).collect();
    for path in ["/etc/tweet_exporter", "/etc/tweet_exporter_watch", "/etc/tweet_exporter_secrets", "/var/lib/tweet_exporter"] {
        assert!(paths.contains(&path), "{paths:?}");
    }
}
