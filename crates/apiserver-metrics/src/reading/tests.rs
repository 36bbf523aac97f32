//! A page of lines from real API servers.

use super::*;

/// Lines as kube-apiserver 1.37.2 and 1.30 write them.
const PAGE: &str = r#"# HELP apiserver_request_total [STABLE] Counter of apiserver requests
# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"} 7
apiserver_request_total{code="429",component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"} 2
apiserver_request_total{code="200",component="apiserver",dry_run="",group="apps",resource="deployments",scope="cluster",subresource="",verb="WATCH",version="v1"} 3
apiserver_request_duration_seconds_sum{component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"} 4.5
apiserver_request_duration_seconds_count{component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="LIST",version="v1"} 9
apiserver_request_duration_seconds_sum{component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="WATCH",version="v1"} 900
apiserver_flowcontrol_rejected_requests_total{flow_schema="service-accounts",priority_level="workload-low",reason="queue-full"} 4
apiserver_flowcontrol_rejected_requests_total{flow_schema="service-accounts",priority_level="workload-low",reason="time-out"} 1
apiserver_flowcontrol_request_execution_seconds_sum{flow_schema="probes",priority_level="exempt",type="regular"} 0.25
apiserver_flowcontrol_current_executing_seats{flow_schema="service-accounts",priority_level="workload-low"} 12
apiserver_flowcontrol_nominal_limit_seats{priority_level="workload-low"} 245
apiserver_terminated_watchers_total{group="",resource="pods"} 6
apiserver_longrunning_requests{component="apiserver",group="",resource="pods",scope="cluster",subresource="",verb="WATCH",version="v1"} 5
apiserver_longrunning_requests{component="apiserver",group="",resource="pods",scope="namespace",subresource="exec",verb="CONNECT",version="v1"} 1
apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 1.048576e+06
apiserver_storage_objects{resource="events"} -1
apiserver_storage_objects{resource="pods"} 10
apiserver_resource_objects{group="",resource="pods"} 11
apiserver_resource_objects{group="apps",resource="deployments"} 2
apiserver_resource_size_estimate_bytes{group="",resource="pods"} 63800
kubernetes_build_info{build_date="2026-11-01T00:00:00Z",compiler="gc",git_version="v1.37.2",major="1",minor="37"} 1
kubernetes_feature_enabled{name="WatchList",stage="BETA"} 1
process_cpu_seconds_total 12.5
process_resident_memory_bytes 5.36870912e+08
process_start_time_seconds 1.7957654e+09
go_sched_gomaxprocs_threads 16
go_gc_gomemlimit_bytes 9.223372036854776e+18
"#;

#[test]
fn one_page() {
    let reading = Reading::of(PAGE);
    assert_eq!(reading.requests["LIST pods"], 9.0);
    assert_eq!(reading.requests["WATCH deployments.apps"], 3.0);
    assert_eq!((reading.answer_seconds["LIST"], reading.answers["LIST"]), (4.5, 9.0));
    assert!(!reading.answer_seconds.contains_key("WATCH"));
    assert_eq!(reading.rejects["service-accounts"], 5.0);
    assert_eq!(reading.execution_seconds["probes"], 0.25);
    assert_eq!((reading.seats["workload-low"], reading.nominal_seats["workload-low"]), (12.0, 245.0));
    assert_eq!((reading.terminated_watches, reading.watches, reading.etcd_bytes), (6.0, 5.0, 1_048_576.0));
    assert_eq!((reading.cpu_seconds, reading.cores, reading.memory_limit_bytes), (12.5, 16.0, None));
    assert_eq!(
        reading.objects,
        BTreeMap::from([("pods".to_owned(), 11), ("deployments.apps".to_owned(), 2)])
    );
    assert_eq!(reading.stored_bytes["pods"], 63_800.0);
}

#[test]
fn what_is_no_page_is_all_zero() {
    for page in ["", "<html>", "a", "a{", "a{} x", "a} 1"] {
        assert_eq!(Reading::of(page), Reading::default(), "{page}");
    }
}
