%% SPDX-License-Identifier: Apache-2.0
%% Who is here, and what everybody is told.
-module(chat_room).
-behaviour(gen_server).
-export([start_link/0, enter/1, rename/1, say/1, names/0]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

start_link() ->
    gen_server:start_link({local, ?MODULE}, ?MODULE, [], []).

%% The calling process is a member from here on; it gets {chat, Line}.
enter(Name) -> gen_server:call(?MODULE, {enter, Name}).

rename(Name) -> gen_server:call(?MODULE, {rename, Name}).

say(Text) -> gen_server:call(?MODULE, {say, Text}).

names() -> gen_server:call(?MODULE, names).

init([]) ->
    {ok, #{}}.

handle_call({enter, Name}, {Pid, _}, Members) ->
    monitor(process, Pid),
    tell_all([Name, " comes in.\n"], Members),
    {reply, ok, Members#{Pid => Name}};
handle_call({rename, Name}, {Pid, _}, Members) ->
    #{Pid := Old} = Members,
    case lists:member(Name, maps:values(Members)) of
        true ->
            {reply, taken, Members};
        false ->
            tell_all([Old, " is now ", Name, ".\n"], Members),
            {reply, ok, Members#{Pid := Name}}
    end;
handle_call({say, Text}, {Pid, _}, Members) ->
    #{Pid := Name} = Members,
    tell_all(chat_protocol:said(Name, Text), maps:remove(Pid, Members)),
    {reply, ok, Members};
handle_call(names, _From, Members) ->
    {reply, lists:sort(maps:values(Members)), Members}.

handle_cast(_Request, Members) ->
    {noreply, Members}.

handle_info({'DOWN', _, process, Pid, _}, Members) ->
    {Name, Left} = maps:take(Pid, Members),
    tell_all([Name, " leaves.\n"], Left),
    {noreply, Left}.

tell_all(Line, Members) ->
    [Pid ! {chat, Line} || Pid <- maps:keys(Members)].
