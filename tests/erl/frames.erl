%% SPDX-License-Identifier: Apache-2.0
%% A host in a few lines: what comes at eth1 is answered here and not by the network stack. ARP says where it is, an echo of ICMP and datagrams go back as they came. A datagram
%% with the word `stop` gives the interface back.
-module(frames).
-export([start/0]).

-define(ARP, 16#0806).
-define(IPV4, 16#0800).
-define(ICMP, 1).
-define(UDP, 17).

start() ->
    try run() catch
        Class:Reason:Stack -> io:format("~p: ~p~n~p~n", [Class, Reason, Stack])
    end.

run() ->
    {Mac, Ip} = own("eth1"),
    {error, enodev} = net_vif:open("eth7"),
    {error, badarg} = net_vif:open(eth1, [{mailbox_limit, many}]),
    {error, badarg} = net_vif:open(eth1, [nothing]),
    {ok, Port} = net_vif:open(eth1, [binary, {mailbox_limit, 1000}]),
    {error, ebusy} = net_vif:open("eth1", [binary]),
    {'EXIT', {ebusy, _}} = (catch open_port({spawn_driver, "vif eth1"}, [])),
    {name, "vif eth1"} = erlang:port_info(Port, name),
    io:format("frames of eth1~n"),
    ok = serve(Port, Mac, Ip),
    true = net_vif:close(Port),
    %% A frame that no interface takes.
    process_flag(trap_exit, true),
    {ok, Other} = net_vif:open("eth1", [binary]),
    true = port_command(Other, binary:copy(<<0>>, 10000)),
    receive {'EXIT', Other, emsgsize} -> ok end,
    io:format("given back~n").

%% Both addresses of an interface, when it has them.
own(Name) ->
    {ok, All} = inet:getifaddrs(),
    Options = proplists:get_value(Name, All, []),
    case {[Mac || {hwaddr, Mac} <- Options], [Ip || {addr, {_, _, _, _} = Ip} <- Options]} of
        {[Mac | _], [{A, B, C, D} | _]} -> {list_to_binary(Mac), <<A, B, C, D>>};
        _ -> timer:sleep(50), own(Name)
    end.

serve(Port, Mac, Ip) ->
    receive
        {Port, {data, Frame}} ->
            case answer(Frame, Mac, Ip) of
                stop -> ok;
                none -> serve(Port, Mac, Ip);
                Answer -> port_command(Port, Answer), serve(Port, Mac, Ip)
            end
    end.

answer(<<_:6/binary, From:6/binary, ?ARP:16, 1:16, ?IPV4:16, 6, 4, 1:16, _:6/binary, Asker:4/binary, _:6/binary, Ip:4/binary, _/binary>>, Mac, Ip) ->
    <<From/binary, Mac/binary, ?ARP:16, 1:16, ?IPV4:16, 6, 4, 2:16, Mac/binary, Ip/binary, From/binary, Asker/binary>>;
answer(<<_:6/binary, From:6/binary, ?IPV4:16, Before:9/binary, Protocol, Sum:16, Source:4/binary, Ip:4/binary, Body/binary>>, Mac, Ip)
  when binary_part(Before, 0, 1) =:= <<16#45>> ->
    <<_:16, Length:16, _/binary>> = Before,
    %% The shortest frames are filled up.
    Payload = binary_part(Body, 0, Length - 20),
    case back(Protocol, Payload, <<Source/binary, Ip/binary, Protocol:16, (Length - 20):16>>) of
        Answer when is_binary(Answer) ->
            <<From/binary, Mac/binary, ?IPV4:16, Before/binary, Protocol, Sum:16, Ip/binary, Source/binary, Answer/binary>>;
        Other -> Other
    end;
answer(_, _, _) -> none.

%% What goes back. Exchanged addresses and ports leave a sum as it is.
back(?ICMP, <<8, 0, _:16, Rest/binary>>, _) ->
    Sum = (bnot sum(<<0:32, Rest/binary>>)) band 16#ffff,
    <<0, 0, Sum:16, Rest/binary>>;
back(?UDP, <<_:16, 9:16, _:32, "stop", _/binary>>, _) -> stop;
back(?UDP, <<From:16, To:16, Length:16, Sum:16, Data/binary>> = Datagram, Pseudo) ->
    %% Devices leave sums undone between guests of one host; here they are there.
    16#ffff = sum(<<Pseudo/binary, Datagram/binary>>),
    <<To:16, From:16, Length:16, Sum:16, Data/binary>>;
back(_, _, _) -> none.

sum(Bytes) -> sum(Bytes, 0).

sum(<<Word:16, Rest/binary>>, Sum) -> sum(Rest, Sum + Word);
sum(<<Byte>>, Sum) -> sum(<<>>, Sum + (Byte bsl 8));
sum(<<>>, Sum) when Sum > 16#ffff -> sum(<<>>, (Sum bsr 16) + (Sum band 16#ffff));
sum(<<>>, Sum) -> Sum.
