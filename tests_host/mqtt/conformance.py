"""The statements of MQTT 3.1.1 (OASIS, Appendix B), and what tests a client against them.

`COUNTS`: how many numbered statements each section has. `CLIENT`: those that a client can break,
with the tests that show that this one does not. `SERVER`: the rest; only a server can break them.
"""

# Section: the highest number of its statements; they are numbered without a gap.
COUNTS = {
    "1.5.3": 3,
    "2.2.2": 2,
    "2.3.1": 7,
    "3.1.0": 2,
    "3.1.2": 24,
    "3.1.3": 11,
    "3.1.4": 5,
    "3.2.0": 1,
    "3.2.2": 6,
    "3.3.1": 12,
    "3.3.2": 3,
    "3.3.4": 1,
    "3.3.5": 2,
    "3.6.1": 1,
    "3.8.1": 1,
    "3.8.3": 4,
    "3.8.4": 6,
    "3.9.3": 2,
    "3.10.1": 1,
    "3.10.3": 2,
    "3.10.4": 6,
    "3.12.4": 1,
    "3.14.1": 1,
    "3.14.4": 3,
    "4.1.0": 2,
    "4.2.0": 1,
    "4.3.1": 1,
    "4.3.2": 2,
    "4.3.3": 2,
    "4.4.0": 1,
    "4.5.0": 2,
    "4.6.0": 6,
    "4.7.1": 3,
    "4.7.2": 1,
    "4.7.3": 4,
    "4.8.0": 2,
    "6.0.0": 4,
    "7.0.0": 2,
    "7.1.1": 1,
    "7.1.2": 1,
}

P = "lib/test_mqtt_packets.py::"
C = "lib/test_mqtt_client.py::"
Q = "lib/test_mqtt_qos.py::"
G = "lib/test_mqtt_large.py::"
S = "lib/test_mqtt_session.py::"
T = "lib/test_mqtt_topics.py::"
M = "mqtt/test_real_broker.py::"

_UTF8 = (T + "test_utf8", P + "test_malformed_packets_end_it_once")
_CONNECT = (P + "test_connect",)
_FIRST = (C + "test_connect_is_the_first_packet_and_nothing_else_before_connack",)
_RESUME = (
    Q + "test_after_a_loss_with_the_session_all_is_sent_again_in_order",
    Q + "test_after_a_loss_of_the_session_all_is_sent_as_new",
)
_TOPIC = (T + "test_topics_and_filters", C + "test_wrong_arguments")
_SUBSCRIBE = (S + "test_subscribe_only_when_the_session_is_new",)
_UNSUBSCRIBE = (S + "test_unsubscribe",)
_RECEIVED = (Q + "test_received_at_each_qos",)
_ORDER = (Q + "test_acknowledged_in_the_order_of_arrival_glued_while_busy",)
_LEAVE = (C + "test_disconnect_goes_last_and_nothing_after_it",)
_IDS = (Q + "test_identifiers_skip_what_is_in_flight_after_the_wrap",)
_BAD = (
    P + "test_malformed_packets_end_it_once",
    C + "test_malformed_packet_closes_with_the_reason_and_comes_back",
)

CLIENT = {
    "1.5.3-1": _UTF8,
    "1.5.3-2": _UTF8,
    "1.5.3-3": (T + "test_utf8", M + "test_zero_width_no_break_space_is_kept"),
    "2.2.2-1": (Q + "test_qos_2", *_SUBSCRIBE, *_UNSUBSCRIBE),
    "2.2.2-2": _BAD,
    "2.3.1-1": (*_IDS, *_SUBSCRIBE, *_UNSUBSCRIBE),
    "2.3.1-2": _IDS,
    "2.3.1-3": _RESUME[:1],
    "2.3.1-5": (Q + "test_qos_0_is_one_packet_and_done_when_taken",),
    "2.3.1-6": (*_RECEIVED, Q + "test_qos_2"),
    "3.1.0-1": _FIRST,
    "3.1.0-2": (C + "test_connect_that_is_refused_by_the_transport_is_tried_again",),
    "3.1.2-1": _CONNECT,
    "3.1.2-2": _CONNECT,
    "3.1.2-3": _CONNECT,
    "3.1.2-4": _RESUME,
    "3.1.2-6": (S + "test_clean_session_believes_no_session_present",),
    "3.1.2-9": _CONNECT,
    "3.1.2-11": _CONNECT,
    "3.1.2-13": _CONNECT,
    "3.1.2-14": _CONNECT,
    "3.1.2-15": _CONNECT,
    "3.1.2-18": _CONNECT,
    "3.1.2-19": _CONNECT,
    "3.1.2-20": _CONNECT,
    "3.1.2-21": _CONNECT,
    "3.1.2-22": _CONNECT,
    "3.1.2-23": (
        C + "test_ping_by_what_was_sent",
        C + "test_no_gap_is_longer_than_the_keepalive_whatever_arrives",
    ),
    "3.1.3-1": _CONNECT,
    "3.1.3-3": _CONNECT,
    "3.1.3-4": _CONNECT,
    "3.1.3-7": (C + "test_an_empty_client_id_needs_a_clean_session",),
    "3.1.3-10": _CONNECT,
    "3.1.3-11": _CONNECT,
    "3.3.1-1": _RESUME,
    "3.3.1-2": (Q + "test_qos_0_under_way_is_dropped_and_waiting_ones_are_not",),
    "3.3.1-4": (P + "test_malformed_packets_end_it_once", C + "test_wrong_arguments"),
    "3.3.2-1": _TOPIC,
    "3.3.2-2": _TOPIC,
    "3.3.4-1": _RECEIVED,
    "3.6.1-1": (Q + "test_qos_2",),
    "3.8.1-1": _SUBSCRIBE,
    "3.8.3-1": _TOPIC,
    "3.8.3-3": _SUBSCRIBE,
    "3.8.3-4": _SUBSCRIBE,
    "3.10.1-1": _UNSUBSCRIBE,
    "3.10.3-1": _TOPIC,
    "3.10.3-2": _UNSUBSCRIBE,
    "3.14.1-1": _LEAVE,
    "3.14.4-1": _LEAVE,
    "3.14.4-2": _LEAVE,
    "4.1.0-1": (*_RESUME, Q + "test_qos_2_is_delivered_once_over_a_loss"),
    "4.1.0-2": _RESUME,
    "4.2.0-1": (M + "test_each_qos_both_ways",),
    "4.3.1-1": (Q + "test_qos_0_is_one_packet_and_done_when_taken",),
    "4.3.2-1": (Q + "test_qos_1",),
    "4.3.2-2": _RECEIVED,
    "4.3.3-1": (Q + "test_qos_2", *_RESUME),
    "4.3.3-2": (*_RECEIVED, Q + "test_qos_2_is_delivered_once_over_a_loss"),
    "4.4.0-1": _RESUME,
    "4.5.0-2": (
        Q + "test_a_message_for_nobody_is_acknowledged",
        G + "test_too_large_is_drained_and_acknowledged",
        Q + "test_a_handler_that_raises_is_reported_and_the_step_is_kept",
    ),
    "4.6.0-1": _RESUME,
    "4.6.0-2": _ORDER,
    "4.6.0-3": _ORDER,
    "4.6.0-4": (Q + "test_after_a_loss_with_the_session_all_is_sent_again_in_order",),
    "4.7.1-1": _TOPIC,
    "4.7.1-2": _TOPIC,
    "4.7.1-3": _TOPIC,
    "4.7.3-1": _TOPIC,
    "4.7.3-2": _TOPIC,
    "4.7.3-3": _TOPIC,
    "4.7.3-4": (T + "test_filters_match_as_4_7_says",),
    "4.8.0-1": _BAD,
    "4.8.0-2": (Q + "test_more_than_can_be_acknowledged_closes_and_loses_nothing",),
    "7.0.0-2": (M + "test_each_qos_both_ways",),
    "7.1.2-1": (M + "test_each_qos_both_ways",),
}

# Section: numbers that only a server, or a transport over WebSocket (6), can break.
SERVER = {
    "2.3.1": (4, 7),
    "3.1.2": (5, 7, 8, 10, 12, 16, 17, 24),
    "3.1.3": (2, 5, 6, 8, 9),
    "3.1.4": (1, 2, 3, 4, 5),
    "3.2.0": (1,),
    "3.2.2": (1, 2, 3, 4, 5, 6),
    "3.3.1": (3, 5, 6, 7, 8, 9, 10, 11, 12),
    "3.3.2": (3,),
    "3.3.5": (1, 2),
    "3.8.3": (2,),
    "3.8.4": (1, 2, 3, 4, 5, 6),
    "3.9.3": (1, 2),
    "3.10.4": (1, 2, 3, 4, 5, 6),
    "3.12.4": (1,),
    "3.14.4": (3,),
    "4.5.0": (1,),
    "4.6.0": (5, 6),
    "4.7.2": (1,),
    "6.0.0": (1, 2, 3, 4),
    "7.0.0": (1,),
    "7.1.1": (1,),
}
