// Boost Software License 1.0, see LICENSE

#ifndef STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_CORE_IPP
#define STOMPCHAT_MEMORY_IMPL_MEMORY_BROKER_CORE_IPP

#include <stompchat/memory/detail/first_copies.hpp>
#include <stompchat/memory/detail/partition_log.hpp>
#include <stompchat/memory/memory_broker.hpp>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace stompchat::inline STOMPCHAT_ABI {

/** What a memory_broker shares with its turns on the executor.

    Rules:
    - Everything but the members of a turn is guarded by `mutex_`, which is never held while the sink or a handler is called.
    - At most one turn is posted or runs (`scheduled_`), so that the sink is called by one at a time on any executor.
    - A turn looks at blocks without the lock. What is dropped meanwhile waits in `dropped_` until the turn ends. */
class memory_broker::core : public std::enable_shared_from_this<core> {
public:
    core(asio::any_io_executor executor, const memory_broker_options& options);

    void start(sink& to);
    void publish(std::span<const outgoing> messages);
    void set_partitions(std::span<const partition> wanted);
    void read(std::string destination, position from, read_bounds bounds, detail::completion<void(error_code, read_result)> done);
    void end(partition of, detail::completion<void(error_code, position)> done);
    void stop(std::chrono::milliseconds patience, detail::completion<void(error_code)> done);
    void abandon();

    std::uint32_t partitions() const noexcept { return static_cast<std::uint32_t>(partitions_.size()); }
    const asio::any_io_executor& executor() const noexcept { return executor_; }
    std::uint64_t epoch() const;
    std::uint64_t physical_reads() const;
    std::size_t history_octets() const;
    std::size_t history_messages() const;

    void inject_available(bool available);
    void inject_refusal();
    void inject_repeat(partition of, offset from);
    void inject_loss(partition of, offset end);
    void inject_new_log();

private:
    using clock = std::chrono::steady_clock;
    using lock = std::unique_lock<std::mutex>;

    static constexpr std::size_t most_per_turn = 256;
    static constexpr std::size_t most_octets_per_turn = 1024 * 1024;
    /// What may wait to be shown of ephemeral messages; beyond that they are given up.
    static constexpr std::size_t most_ephemeral_octets = 1024 * 1024;

    struct partition_state {
        detail::partition_log log;
        /// The first record that the sink was not shown, or null.
        detail::record_block* unseen = nullptr;
        /// All records below it were shown.
        offset shown = 0;
        /// Changes when what is to be shown is decided anew.
        std::uint32_t assignment = 0;
        bool wanted = true;
        /// The sink has to be told where delivery begins.
        bool begins = false;
        /// In `ready_`, or in the hands of a turn.
        bool queued = false;
    };
    /// Of a message with an id, until it stands in the log.
    struct identity {
        record_id id;
        position base;
    };
    struct late_result {
        clock::time_point due;
        publish_result result;
    };
    struct waiting_read {
        std::string destination;
        position from;
        read_bounds bounds;
        detail::completion<void(error_code, read_result)> done;
    };
    /// Consecutive records of one partition, for one call of the sink.
    struct segment {
        partition from;
        std::uint32_t assignment;
        std::optional<position> begin; // tell this first
        std::size_t first;
        std::size_t count;
        const detail::record_block* last;
        position next;
    };
    enum class life {
        running,
        stopping,
        stopped,
    };

    // With the lock held.
    void append(detail::block_chain&& taken);
    void append_ephemeral(detail::block_chain&& taken);
    bool is_copy(detail::record_block* block);
    void answer(std::uint64_t ticket, error_code failure, const position& at = {});
    void begin_at_end(partition_state& state, partition self);
    void make_ready(partition_state& state, partition self);
    void trim(partition_state& state);
    bool delivers(const partition_state& state) const noexcept { return sink_ && state.wanted; }
    std::uint64_t random() noexcept;
    void take_due_results();
    void gather_records();
    void gather(partition_state& state, partition self, std::size_t& octets);
    void take_back(const segment& shown);
    void give_up();
    bool has_work() const noexcept;
    bool may_stop() const noexcept;
    void set_timer();

    // Without it.
    void finish(lock&& held, bool wake);
    void post_turn();
    void turn();
    void show_ephemeral(sink& to);
    void serve_reads();
    bool next_read(waiting_read& next);
    void serve(waiting_read& request, std::size_t& messages, std::size_t& octets);
    void end_turn();

    const memory_broker_options options_;
    const asio::any_io_executor executor_;

    mutable std::mutex mutex_;
    std::vector<partition_state> partitions_;
    std::uint64_t epoch_;
    std::uint64_t random_;
    sink* sink_ = nullptr;
    life life_ = life::running;
    bool available_ = true;
    bool refused_ = false;
    bool scheduled_ = false;
    bool in_turn_ = false;
    detail::block_chain untold_; // taken while unavailable
    detail::block_chain ephemeral_;
    std::size_t ephemeral_octets_ = 0;
    std::unordered_map<const detail::record_block*, identity> identities_;
    detail::first_copies copies_;
    detail::block_chain dropped_;
    std::deque<partition> ready_;
    std::vector<publish_result> results_;
    std::deque<late_result> late_;
    std::vector<broker_state> states_;
    std::deque<waiting_read> reads_;
    std::deque<waiting_read> pass_; // reads of one partition, answered by one physical read
    std::uint64_t physical_reads_ = 0;
    clock::time_point stop_deadline_;
    bool timer_set_ = false;
    std::vector<detail::completion<void(error_code)>> stop_waiters_;

    // For the turn alone.
    std::vector<publish_result> turn_results_;
    std::size_t turn_results_told_ = 0;
    std::vector<broker_state> turn_states_;
    detail::block_chain turn_ephemeral_;
    std::vector<record_view> views_;
    std::vector<segment> segments_;
    detail::partition_log::extract extract_;
    std::unique_ptr<asio::steady_timer> timer_;
};

} // namespace stompchat::inline STOMPCHAT_ABI

#endif
