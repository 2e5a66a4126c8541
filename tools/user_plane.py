"""Writes the page of user plane functions: which path carries each, and which test shows it.
usage: user_plane.py PAGE.

Every test that is named is looked for: a name that is no test ends with 1.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MADE = "Made by `make docs` from `tools/user_plane.py`, which looks for every test that it names; never edited.\n"
PLACES = ("tests", "native/userplane", "native/xdp", "native/fabric")
DEFINED = re.compile(r"^\s*(?:async )?(?:def|fn) (\w+)", re.MULTILINE)
UP = "goes up to the engine"
"""What the program in the kernel does with packets that are not its own."""
Row = tuple[str, str, str, str, str, str]
"""A function, its clause, then the test of N4 (how it is asked for), engine, kernel (XDP and TC), and live."""
HEADS = ("function", "clause", "asked by N4", "portable engine", "in the kernel (XDP, TC)", "live: sockets, namespaces")

UP_TABLE, DOWN_TABLE = (
    "when_an_uplink_packet_is_taken_then_it_leaves_as_the_engine_lets_it",
    "when_a_downlink_packet_is_taken_then_its_tunnel_is_the_engine_s",
)
STAYS = "test_when_a_session_is_plain_then_its_packets_never_leave_the_kernel_and_all_are_counted"
PING = "test_when_a_terminal_sends_through_the_kernel_then_ping_and_iperf_work_and_pass_the_engine_by"
KILLED = "test_when_the_user_plane_is_killed_under_traffic_then_no_packet_is_lost_and_its_sessions_go_on"
CHANGED = "test_when_rules_change_under_traffic_then_no_packet_is_lost_or_overtaken_and_the_next_one_meets_the_change"
TRACED = "test_when_a_terminal_s_packets_are_traced_then_n3_and_n6_can_be_read_and_it_returns_to_the_kernel"
BOTH_RATES = "when_both_paths_carry_a_session_then_they_share_its_rate"
NAMESPACES = "test_when_n6_is_nat_then_terminals_reach_host_and_outside_and_everything_is_taken_back"
HIDDEN = "test_when_the_host_hides_terminals_then_settled_connections_are_carried_past_it"
BEHIND = "test_when_the_upf_runs_then_a_neighbour_learns_pools_and_what_is_behind_terminals_and_loses_it_again"
OVER_6 = "test_when_n3_is_over_ipv6_then_packets_of_both_versions_stay_in_the_kernel"

FUNCTIONS: tuple[Row, ...] = (
    (
        "several rules a session, SDF filters in their order",
        "TS 29.244 5.2.1A, 8.2.5",
        "test_when_a_flow_is_added_then_its_packets_are_marked_and_it_can_be_removed",
        "when_flows_have_filters_then_the_first_that_matches_decides",
        UP,
        "test_when_a_data_network_has_a_flow_then_its_packets_take_it_in_both_directions",
    ),
    (
        "applications described by flows (PFD)",
        "TS 29.244 6.2.5",
        "test_when_an_application_is_described_then_rules_find_its_packets_and_no_others",
        "when_flows_have_filters_then_the_first_that_matches_decides",
        UP,
        "",
    ),
    (
        "outer header removal 0, 1, 6",
        "TS 29.244 8.2.64",
        "test_when_an_outer_header_is_removed_then_only_gtpu_is_known_here",
        "when_an_uplink_packet_is_right_then_its_inner_packet_leaves_to_n6",
        UP_TABLE,
        "test_when_a_terminal_pings_then_the_packets_cross_n3_and_n6",
    ),
    (
        "outer header creation for N3",
        "TS 29.244 8.2.56",
        "test_when_the_gnb_is_known_then_packets_flow_both_ways",
        "when_a_downlink_packet_is_right_then_it_leaves_in_the_session_tunnel",
        DOWN_TABLE,
        STAYS,
    ),
    (
        "IPv6 inside",
        "TS 23.501 5.8.2.2.3",
        "test_when_a_terminal_has_a_prefix_then_its_session_carries_it",
        "when_a_terminal_has_an_ipv6_prefix_then_any_address_of_it_works_both_ways",
        UP_TABLE,
        "test_when_packets_are_of_ipv6_then_they_never_leave_the_kernel_either",
    ),
    (
        "IPv6 outside",
        "TS 38.414 5.3",
        "test_when_n3_is_ipv6_then_tunnels_of_both_ends_are",
        "when_the_access_network_is_of_ipv6_then_tunnels_and_answers_are_too",
        "when_a_packet_goes_to_a_gnb_over_ipv6_then_its_tunnel_has_a_right_checksum",
        OVER_6,
    ),
    (
        "the router of the link (RA), or the SMF's",
        "TS 23.501 5.8.2.2.3, TS 29.244 5.3",
        "test_when_the_smf_sends_and_hears_itself_then_a_tunnel_leads_there",
        "when_the_smf_is_the_router_then_it_alone_is_asked_and_its_advertisements_pass",
        UP_TABLE,
        "test_when_n6_is_route_then_iperf3_passes_both_ways_over_ipv6",
    ),
    (
        "Ethernet PDU sessions",
        "TS 23.501 5.6.10.2",
        "test_when_an_ethernet_session_is_established_then_frames_flow_both_ways",
        "when_a_terminal_sends_a_frame_then_its_address_is_learnt_and_answers_find_it",
        UP,
        "test_when_terminals_are_interfaces_then_hosts_speak_through_the_lan",
    ),
    (
        "PDU session container, QFI",
        "TS 38.415 5.5",
        "test_when_a_flow_is_added_then_its_packets_are_marked_and_it_can_be_removed",
        "when_a_rule_marks_its_packets_then_container_and_outer_header_carry_the_marks",
        UP_TABLE,
        "test_when_tshark_reads_what_the_upf_sends_then_each_message_is_what_it_should_be",
    ),
    (
        "reflective QoS",
        "TS 23.501 5.7.5",
        "test_when_a_qer_asks_for_reflective_qos_then_its_flow_is_marked_until_it_is_withdrawn",
        "when_a_rule_marks_its_packets_then_container_and_outer_header_carry_the_marks",
        UP,
        "",
    ),
    (
        "DSCP of the outer header",
        "TS 29.244 8.2.12",
        "test_when_a_far_marks_the_transport_level_then_its_value_counts_under_its_mask",
        "when_a_rule_marks_its_packets_then_container_and_outer_header_carry_the_marks",
        UP,
        "test_when_a_rule_marks_packets_then_their_outer_header_has_the_mark",
    ),
    (
        "forward, drop",
        "TS 29.244 8.2.26",
        "test_when_a_rule_is_updated_then_what_is_not_named_stays",
        "when_the_gate_is_closed_or_the_rule_drops_then_nothing_passes_either_way",
        "when_rules_change_in_place_then_the_next_packet_meets_the_new_ones_and_none_goes_up",
        CHANGED,
    ),
    (
        "buffer and notify, ordered release, BAR",
        "TS 29.244 5.2.4, TS 23.501 5.8.3",
        "test_when_a_number_of_packets_is_suggested_then_no_more_are_held",
        "when_the_terminal_is_idle_then_packets_are_held_told_once_and_released_in_order",
        UP,
        "test_when_the_terminal_is_idle_then_the_first_packet_is_told_and_all_are_delivered_later",
    ),
    (
        "duplicate",
        "TS 29.244 5.2.3.1",
        "test_when_a_far_duplicates_then_a_copy_leaves_into_the_other_tunnel",
        "when_a_rule_copies_then_the_copy_leaves_beside_the_packet",
        UP,
        "",
    ),
    (
        "gates",
        "TS 29.244 8.2.7",
        "test_when_the_gate_closes_then_nothing_passes_until_it_opens",
        "when_the_gate_is_closed_or_the_rule_drops_then_nothing_passes_either_way",
        "when_rules_change_in_place_then_the_next_packet_meets_the_new_ones_and_none_goes_up",
        CHANGED,
    ),
    (
        "session and flow MBR, 64 kbit/s to 40 Gbit/s in 2 %",
        "TS 29.244 5.4.4",
        "test_when_a_rate_is_set_then_what_exceeds_it_is_dropped",
        "when_more_than_the_rate_comes_then_the_rate_passes_within_two_percent",
        "when_a_rate_is_exceeded_then_both_let_the_same_number_through",
        "test_when_a_session_mixes_paths_then_its_rate_is_kept",
    ),
    (
        "one rate of several rules and of both paths",
        "TS 29.244 5.4.4",
        "test_when_a_rule_changes_otherwise_then_its_packet_rate_and_window_stay",
        "when_rules_share_a_rate_then_together_they_do_not_exceed_it",
        BOTH_RATES,
        "test_when_a_session_mixes_paths_then_its_rate_is_kept",
    ),
    (
        "packet rates",
        "TS 29.244 8.2.63",
        "test_when_uplink_packets_are_limited_a_minute_then_the_rest_waits_for_the_next",
        "when_packets_are_limited_in_a_unit_of_time_then_no_more_pass_in_it",
        UP,
        "",
    ),
    (
        "usage: volume, thresholds",
        "TS 29.244 5.2.2.2",
        "test_when_a_volume_threshold_is_reached_then_usage_is_reported_each_time",
        "when_the_volume_passes_its_threshold_then_it_is_told_once",
        "when_the_volume_to_report_is_passed_then_it_is_told_once",
        "test_when_both_paths_use_a_volume_then_it_is_told_once_and_in_time",
    ),
    (
        "usage: quotas that stop",
        "TS 29.244 5.2.2.2",
        "test_when_a_volume_quota_is_used_up_then_traffic_stops_until_more_is_granted",
        "when_a_quota_is_used_up_then_no_packet_passes_until_a_new_one",
        UP,
        "test_when_a_quota_comes_later_then_what_the_program_carried_counts_against_it",
    ),
    (
        "usage: time, events, monitoring times, linked rules",
        "TS 29.244 5.2.2.2",
        "test_when_time_is_measured_then_it_begins_with_the_first_packet_unless_asked_at_once",
        "when_counters_count_some_rules_then_each_has_its_own_quota_and_times",
        UP,
        "",
    ),
    (
        "inactivity of a session",
        "TS 29.244 8.2.83",
        "test_when_a_session_carries_nothing_for_its_inactivity_time_then_the_smf_is_told_once",
        "when_counters_count_some_rules_then_each_has_its_own_quota_and_times",
        "usage is of both paths",
        STAYS,
    ),
    (
        "end markers",
        "TS 29.281 7.3.2",
        "test_when_the_path_moves_with_an_end_marker_then_the_old_gnb_gets_it",
        "when_the_tunnel_moves_then_an_end_marker_goes_to_the_old_one",
        UP_TABLE,
        "test_when_tshark_reads_what_the_upf_sends_then_each_message_is_what_it_should_be",
    ),
    (
        "uplink of a handover's target",
        "TS 23.502 4.9.1.3",
        "test_when_a_target_is_expected_then_its_uplink_passes_and_downlink_stays_at_the_source",
        "when_a_rule_expects_a_handover_s_target_then_the_router_stays_in_the_session_s_tunnel",
        UP,
        "test_when_a_terminal_is_handed_over_n2_to_another_gnb_then_its_session_goes_with_it",
    ),
    (
        "error indications, both ways",
        "TS 29.281 7.3.1, TS 23.527 5.3.3",
        "test_when_the_gnb_lost_the_tunnel_then_the_report_names_it",
        "when_an_error_indication_names_a_tunnel_of_its_sender_then_it_is_told_otherwise_not",
        UP_TABLE,
        "test_when_the_upf_lost_the_tunnel_then_the_gnb_is_told",
    ),
    (
        "echo, path failure",
        "TS 29.281 7.2, TS 23.527 5.4",
        "test_when_a_path_fails_and_recovers_then_the_smf_is_told_of_both",
        "when_a_peer_does_not_answer_then_it_failed_once_and_recovers_when_it_does",
        UP_TABLE,
        "test_when_n3_is_a_socket_then_the_same_socket_answers_from_its_own_address",
    ),
    (
        "N9: intermediate function and anchor",
        "TS 23.501 5.6.4",
        "test_when_an_intermediate_upf_and_an_anchor_are_driven_by_pfcp_then_packets_cross_both",
        "when_a_session_lies_between_two_tunnels_then_packets_change_tunnels_and_keep_their_containers",
        UP,
        "test_when_two_upfs_and_two_gnbs_live_in_one_fabric_then_each_session_goes_its_way",
    ),
    (
        "uplink classifier",
        "TS 23.501 5.6.4.2",
        "test_when_an_uplink_classifier_is_inserted_then_filters_decide_where_uplink_goes",
        "when_a_classifier_has_filters_then_uplink_branches_and_both_come_back",
        UP,
        "",
    ),
    (
        "framed routes, routed and announced with their session",
        "TS 23.501 5.6.14",
        "test_when_a_network_stands_behind_a_terminal_then_its_packets_go_there",
        "when_networks_stand_behind_terminals_then_the_longest_prefix_decides_and_sources_are_believed",
        UP,
        BEHIND,
    ),
    (
        "terminal to terminal by policy",
        "TS 23.501 5.8.2.13",
        "test_u05_a_terminal_reaches_another_one_only_by_policy",
        "when_terminals_talk_then_the_policy_decides",
        UP_TABLE,
        "test_u05_a_terminal_reaches_another_one_only_by_policy",
    ),
    (
        "anti-spoofing, inside and outside",
        "TS 33.117 4.3.3.1.1, TS 29.281",
        "test_when_another_node_sends_on_the_tunnel_then_the_operator_is_told_what_to_do",
        "when_the_terminal_forges_its_source_then_it_is_dropped",
        UP_TABLE,
        "test_u03_a_forged_inner_source_is_dropped",
    ),
    (
        "fragments",
        "TS 29.244 5.2.1A",
        "",
        "when_the_first_fragment_matched_by_its_ports_then_the_later_ones_follow_it",
        UP_TABLE,
        "",
    ),
    (
        "path MTU: senders are told",
        "RFC 1191, RFC 8201",
        "",
        "when_a_downlink_packet_is_too_long_then_its_sender_is_told_the_mtu",
        "when_a_pool_s_links_carry_less_then_longer_packets_go_up_at_once",
        "test_when_a_packet_is_longer_than_a_tunnel_carries_then_it_is_the_portable_engines",
    ),
    (
        "NAT44, NAT66",
        "RFC 3022",
        "",
        "the host's (ADR 24)",
        "when_a_terminal_is_hidden_then_its_connections_leave_with_the_address_that_hides_it_and_come_back",
        HIDDEN,
    ),
    (
        "flow records (IPFIX)",
        "RFC 7011",
        "",
        "when_flows_are_recorded_then_each_direction_has_its_octets_its_packets_and_its_times",
        "a data network with records is the engine's",
        "test_when_flows_are_recorded_then_a_collector_has_each_direction_of_each",
    ),
    (
        "trace of a terminal to pcap",
        "TS 32.423",
        "",
        "when_a_terminal_is_traced_then_its_packets_are_seen_on_both_sides_and_nobody_else_s",
        "when_a_terminal_is_paused_then_its_packets_go_up_until_it_is_not_whatever_is_installed_meanwhile",
        TRACED,
    ),
    (
        "trace of frames to pcap",
        "TS 32.423",
        "",
        "when_a_station_is_traced_then_its_frames_are_seen_on_both_sides_and_nobody_else_s",
        UP,
        "test_when_a_station_is_traced_then_the_capture_has_its_frames_and_can_be_read",
    ),
    ("BGP of pools", "RFC 4271", "", "", "", BEHIND),
    (
        "ARP, ND on N6",
        "RFC 826, RFC 4861",
        "",
        "the host's",
        "test_when_the_host_s_routing_changes_then_the_hops_follow",
        PING,
    ),
    ("TUN, forwarding, masquerade", "", "", "", "", NAMESPACES),
    (
        "rules change under traffic",
        "TS 29.244 7.5.4",
        "test_when_a_modification_is_wrong_then_the_session_stays_as_it_was",
        "when_rules_are_refused_then_nothing_changes",
        "when_rules_change_in_place_then_the_next_packet_meets_the_new_ones_and_none_goes_up",
        CHANGED,
    ),
    (
        "the process replaced, or killed, under traffic",
        "TS 23.527 4.3",
        "test_when_the_process_dies_then_the_next_one_forwards_in_the_same_tunnels_and_nobody_sees_a_restart",
        "when_a_session_closes_then_its_tunnel_and_address_are_free_and_its_identifier_dead",
        "test_when_the_process_is_replaced_while_packets_pass_then_none_is_lost_and_rules_and_counts_go_on",
        KILLED,
    ),
    (
        "sets of sessions that an SMF lost",
        "TS 23.527 4.6",
        "test_when_a_set_is_lost_then_its_sessions_end_and_no_others",
        "when_a_session_closes_then_its_tunnel_and_address_are_free_and_its_identifier_dead",
        "when_a_session_leaves_then_its_packets_go_up_and_what_it_carried_is_told_once",
        "",
    ),
    (
        "F-TEIDs that an SMF chooses",
        "TS 29.244 5.5.1",
        "test_when_f_teids_are_the_smfs_then_that_is_told_and_its_tunnels_carry_packets",
        "when_a_tunnel_is_chosen_then_its_packets_pass_and_those_of_other_identifiers_do_not",
        UP,
        "",
    ),
    (
        "hostile GTP-U and inner packets",
        "negative.md, U",
        "",
        "when_octets_are_arbitrary_then_nothing_panics_and_the_session_works_on",
        "test_u01_to_u10_nothing_hostile_leaves_through_the_program",
        "test_when_anything_is_sent_then_the_control_terminal_pings_on",
    ),
    (
        "guessed TEIDs",
        "negative.md, U08",
        "",
        "when_identifiers_are_guessed_then_none_is_accepted_and_they_are_not_sequential",
        "test_u08_a_million_guesses_never_pass_through_the_program",
        "test_u08_guessed_teids_are_not_accepted",
    ),
    (
        "random rules and packets against a model",
        "",
        "",
        "",
        "test_when_rules_and_packets_are_random_then_the_program_does_what_the_model_does",
        "",
    ),
)


def defined(root: Path = ROOT) -> frozenset[str]:
    """The names of every test of the user plane's places."""
    files = [file for place in PLACES for ending in ("py", "rs") for file in (root / place).rglob(f"*.{ending}")]
    return frozenset(name for file in files if "target" not in file.parts for name in DEFINED.findall(file.read_text()))


def tests_of(row: Row) -> list[str]:
    """The tests that a row names."""
    return [cell for cell in row[2:] if cell.startswith(("test_", "when_"))]


def missing(known: frozenset[str]) -> list[str]:
    """Names that are no test, and functions that none shows."""
    unknown = [name for row in FUNCTIONS for name in tests_of(row) if name not in known]
    return unknown + [row[0] for row in FUNCTIONS if not tests_of(row)]


def page() -> Iterator[str]:
    """The lines of the page."""
    yield f"# Functions of the user plane, and the paths that carry them\n\n{MADE}"
    yield "Packets of plain sessions stay in the kernel (`[upf] path`); what the program there does not know goes up"
    yield "to the portable engine untouched (ADR 17), so that every function works whether or not there is a program."
    yield "Each cell names a test that shows it; an empty one has nothing to show there.\n"
    yield f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}"
    for row in FUNCTIONS:
        cells = (f"`{cell}`" if cell.startswith(("test_", "when_")) else cell for cell in row)
        yield f"| {' | '.join(cells)} |"


def main(place: str) -> int:
    """Write the page, unless it would say what is not so."""
    wrong = missing(defined())
    for name in wrong:
        sys.stderr.write(f"user_plane: no test {name}\n")
    if not wrong:
        Path(place).write_text("\n".join(page()) + "\n", encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
